using System.Globalization;
using CsCheck;
using Meshover.UnitTests.WireGuard.Control;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Uapi;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Uapi;

/// <summary>Whatever a client says: each request is done whole or refused whole, and the next one is answered.</summary>
public sealed class UapiConversationFuzzTests
{
    private const int Inputs = 100_000;

    // Each of these is tried first, and others behind it. A failure prints the seed that found it: put it here, and its input into
    // UapiInputs.Kept.
    [Theory]
    [InlineData("0000000000001")]
    public void AnyConversation_IsAnsweredAndNothingIsDoneByHalves(string seed) =>
        UapiInputs.Conversations.Sample(Check, seed: seed, iter: Inputs);

    [Fact]
    public void ConversationsThatOnceBroke_AreAnsweredAndNothingIsDoneByHalves() => Assert.All(UapiInputs.Kept, Check);

    [Fact]
    public void Conversations_AreOftenTakenAndOftenRefused()
    {
        var (taken, refused) = (0, 0);
        UapiInputs.Conversations.Sample(
            input =>
            {
                foreach (var errno in Errnos(Serve(new FakeUapiTarget { Config = Configs.Plain }, input)))
                    _ = errno == 0 ? Interlocked.Increment(ref taken) : Interlocked.Increment(ref refused);
            },
            seed: "0000000000001",
            iter: 2_000);

        Assert.True(taken > 400 && refused > 400, $"{taken} taken, {refused} refused: the inputs have become too tame, or too wild");
    }

    private static void Check(string input)
    {
        var target = new RecordingTarget();
        var answers = Serve(target, input);

        Assert.Equal(Errnos(answers).Count(errno => errno == 0), target.Done);
        Assert.Equal("report=1\nerrno=0\n\n", Serve(target, "get=1\n\n"));
    }

    private static string Serve(IUapiTarget target, string input)
    {
        var stream = new Dialogue(input, pieceLength: 1 + (input.Length % 50));
        var conversation = new UapiConversation((action, _) => Task.FromResult(action(target)), NullLogger.Instance);
        var served = conversation.ServeAsync(stream, CancellationToken.None);
        Assert.True(served.IsCompletedSuccessfully, $"{served.Exception}");
        return stream.Answers;
    }

    // Also checks that there is nothing but answers.
    private static List<int> Errnos(string answers)
    {
        var blocks = answers.Split("\n\n");
        Assert.Equal("", blocks[^1]);
        return [.. blocks[..^1].Select(block => int.Parse(block.Split("errno=")[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))];
    }

    /// <summary>Counts what is done, and finds a configuration that changed without being applied.</summary>
    private sealed class RecordingTarget : IUapiTarget
    {
        private static readonly DataplaneConfig _start = Configs.With(Configs.Peer(1));
        private readonly FakeUapiTarget _inner = new() { Config = _start };
        private DataplaneConfig? _applied;

        public int Done { get; private set; }

        public DataplaneConfig? Config
        {
            get
            {
                Assert.Same(_applied ?? _start, _inner.Config);
                return _inner.Config;
            }
        }

        public string Report()
        {
            Done++;
            return _inner.Report();
        }

        public void Apply(DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, System.Net.IPEndPoint> endpoints, bool renewPeers)
        {
            _inner.Apply(config, endpoints, renewPeers);
            Assert.All(endpoints.Keys, key => Assert.Contains(config.Peers, peer => peer.PublicKey == key));
            _applied = config;
            Done++;
        }
    }
}
