using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Streaming;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class FollowStreamTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly FakeStore _store = new();
    private readonly Frames _frames = new();
    private readonly CancellationTokenSource _stop = new();

    public async ValueTask DisposeAsync()
    {
        _stop.Dispose();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Renewal_WhileTheDiskIsFull_IsMadeAllTheSame()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var node = await EnrolAsync(directory);
        using var signer = new TokenSigner(CertificateAuthority.Create(_time.GetUtcNow()));
        using var maps = new MapBroadcaster(directory, _time);
        _store.BeforeCommit = () => throw new StoreException("write to", "fake", "the disk is full.");
        var issuer = new CredentialIssuer(directory, signer, ConfigReader.Read(new ControllerConfig()), _time);
        var stream = new FollowStream(
            new NodeSession(node, "A", "0.1.0", null), new LiveNodes(_time), maps, issuer, new MemberUpdates(directory), _time, new Silent(), _frames);

        var running = stream.RunAsync(new MapCursor("", 0), credentialExpires: _time.GetUtcNow(), _stop.Token);

        var started = TimeProvider.System.GetTimestamp();
        while (_frames.Credentials == 0 && !running.IsCompleted && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
        Assert.Equal((1, false), (_frames.Credentials, running.IsCompleted));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }

    [Fact]
    public async Task AThousandStreams_GetEachChangeOnce_SerialisedOnce()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var node = await EnrolAsync(directory);
        using var maps = new MapBroadcaster(directory, TimeProvider.System);
        await maps.StartAsync(CancellationToken.None);
        using var signer = new TokenSigner(CertificateAuthority.Create(_time.GetUtcNow()));
        var readers = Enumerable.Range(0, Many).Select(_ => new Taking()).ToList();
        var state = directory.State;
        var running = readers.ConvertAll(reader => Stream(node, directory, maps, signer, reader)
            .RunAsync(new MapCursor(state.Mesh.StoreId, state.Revision), _time.GetUtcNow().AddHours(1), _stop.Token));

        for (var change = 1; change <= 5; change++)
        {
            await directory.ChangeAsync(
                draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { Controllers = [$"192.0.2.9:{change}"] }), CancellationToken.None);
            var started = TimeProvider.System.GetTimestamp();
            while (readers.Exists(reader => reader.Frames < change) && TimeProvider.System.GetElapsedTime(started) < Patience)
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            Assert.All(readers, reader => Assert.Equal(change, reader.Frames));
            Assert.Single(readers.Select(reader => reader.Last).Distinct());
        }
        Assert.DoesNotContain(running, stream => stream.IsCompleted);
        await _stop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).WaitAsync(Patience);
        await maps.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task AThousandStreamsThatWantSnapshots_GetSixteenAtATime_AndSlowReadersHoldNobodyUp()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var node = await EnrolAsync(directory);
        using var maps = new MapBroadcaster(directory, _time);
        using var signer = new TokenSigner(CertificateAuthority.Create(_time.GetUtcNow()));
        var readers = Enumerable.Range(0, Many).Select(_ => new Taking { IsStuck = true }).ToList();
        var running = readers.ConvertAll(reader => Stream(node, directory, maps, signer, reader)
            .RunAsync(new MapCursor("", 0), _time.GetUtcNow().AddHours(1), _stop.Token));
        Assert.Equal(SnapshotGate.Most, readers.Count(reader => reader.Frames > 0));

        var started = TimeProvider.System.GetTimestamp();
        while (readers.Exists(reader => reader.Frames == 0) && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
        Assert.All(readers, reader => Assert.Equal(1, reader.Frames));
        await _stop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).WaitAsync(Patience);
    }

    private const int Many = 1000;

    private FollowStream Stream(uint node, MeshDirectory directory, MapBroadcaster maps, TokenSigner signer, Taking reader) => new(
        new NodeSession(node, "A", "0.1.0", null), new LiveNodes(_time), maps,
        new CredentialIssuer(directory, signer, ConfigReader.Read(new ControllerConfig()), _time), new MemberUpdates(directory), _time, new Silent(), reader);

    /// <summary>Counts what it is handed; stuck, it takes one and does not come to an end with it.</summary>
    private sealed class Taking : IServerStreamWriter<ControllerFrame>
    {
        private int _frames;

        public WriteOptions? WriteOptions { get; set; }
        public bool IsStuck { get; init; }
        public int Frames => Volatile.Read(ref _frames);
        public ControllerFrame? Last { get; private set; }

        public Task WriteAsync(ControllerFrame message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(ControllerFrame message, CancellationToken cancellationToken)
        {
            Last = message;
            Interlocked.Increment(ref _frames);
            return IsStuck ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken) : Task.CompletedTask;
        }
    }

    private static async Task<uint> EnrolAsync(MeshDirectory directory)
    {
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await directory.ChangeAsync(draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        var request = new EnrolmentRequest { Identity = "a", HostName = "a", WireGuardKey = TestMesh.KeyOf("a"), Token = TestMesh.Token() };
        return (await directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, TestMesh.Now, TestMesh.Skew).Id, CancellationToken.None)).Value;
    }

    /// <summary>A node that says nothing.</summary>
    private sealed class Silent : IAsyncStreamReader<NodeMessage>
    {
        public NodeMessage Current => throw new InvalidOperationException("It has said nothing.");

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return false;
        }
    }

    /// <summary>Counts the credentials that are sent.</summary>
    private sealed class Frames : IServerStreamWriter<ControllerFrame>
    {
        private int _credentials;

        public WriteOptions? WriteOptions { get; set; }

        public int Credentials => Volatile.Read(ref _credentials);

        public Task WriteAsync(ControllerFrame message)
        {
            if (ControllerMessage.Parser.ParseFrom(message.Bytes).Credential is not null)
                Interlocked.Increment(ref _credentials);
            return Task.CompletedTask;
        }

        public Task WriteAsync(ControllerFrame message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
