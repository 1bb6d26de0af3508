using System.Collections.Concurrent;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.LabTests.Controller;

/// <summary>Many enrol at once while the controller is killed again and again: nothing is given twice, nothing that was promised is lost.</summary>
public sealed class EnrolmentStormTests(ITestOutputHelper output)
{
    // MESHOVER_STORM_NODES=10000 for the large one.
    private static readonly int Nodes = Environment.GetEnvironmentVariable("MESHOVER_STORM_NODES") is { Length: > 0 } text ? int.Parse(text) : 1_500;
    private const int InFlight = 600;
    private const int Kills = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, NodeInfo> _acknowledged = new();
    private int _inFlight;
    private int _peak;
    private int _retries;

    [Fact]
    public async Task ThousandsOfEnrolments_WithFiveKillsAmongThem_GiveNothingTwiceAndLoseNothing()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        var start = TimeProvider.System.GetTimestamp();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var killer = KillAsync(controller);
        var enrolling = Parallel.ForEachAsync(Enumerable.Range(0, Nodes), new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = stop.Token },
            async (i, cancel) => await EnrolUntilAcknowledgedAsync(join, $"node-{i}", cancel));
        try
        {
            await await Task.WhenAny(enrolling, killer); // against a controller that did not come back they would knock for ever
            await enrolling;
        }
        finally
        {
            await stop.CancelAsync();
        }
        var inFlightAtKills = await killer;

        var elapsed = TimeProvider.System.GetElapsedTime(start);
        output.WriteLine($"{Nodes} enrolments in {elapsed.TotalSeconds:0.0} s ({Nodes / elapsed.TotalSeconds:0}/s), {Kills} kills with "
            + $"{string.Join(", ", inFlightAtKills)} in flight, {_retries} retries, at most {_peak} in flight");
        Assert.True(_peak >= 500, $"Only {_peak} were in flight at once.");
        NothingTwice(_acknowledged.Values);
        await NothingLostAsync(controller);
    }

    private async Task<List<int>> KillAsync(ControllerProcess controller)
    {
        var inFlight = new List<int>();
        for (var kill = 1; kill <= Kills; kill++)
        {
            var after = kill * Nodes / (Kills + 1);
            await Until.TrueAsync($"{after} enrolments", TimeSpan.FromMinutes(3), () => _acknowledged.Count >= after);
            inFlight.Add(Volatile.Read(ref _inFlight));
            await controller.KillAsync();
            await controller.ServeAsync();
        }
        return inFlight;
    }

    private async Task EnrolUntilAcknowledgedAsync(JoinString join, string hostName, CancellationToken cancel)
    {
        using var node = new TestNode(join, hostName);
        // As agents do: six hundred that knock ten times a second would keep the controller from coming back.
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var now = Interlocked.Increment(ref _inFlight);
            InterlockedMax(ref _peak, now);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            deadline.CancelAfter(CallDeadline);
            try
            {
                _acknowledged[hostName] = await node.EnrolAsync(deadline.Token);
                return;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal)
            {
                Interlocked.Increment(ref _retries);
                node.Disconnect();
            }
            finally
            {
                Interlocked.Decrement(ref _inFlight);
            }
            await Task.Delay(pause, TimeProvider.System, cancel);
        }
    }

    private static void NothingTwice(ICollection<NodeInfo> nodes)
    {
        Assert.Equal(Nodes, nodes.Count);
        AllDiffer(nodes, node => node.Id);
        AllDiffer(nodes, node => node.Hostname);
        AllDiffer(nodes, node => node.Address4);
        AllDiffer(nodes, node => node.Address6);
        AllDiffer(nodes, node => node.TunnelAddress);
        AllDiffer(nodes, node => node.Asn);
    }

    private static void AllDiffer<T>(IEnumerable<NodeInfo> nodes, Func<NodeInfo, T> select) =>
        Assert.DoesNotContain(nodes.GroupBy(select), group => group.Count() > 1);

    private async Task NothingLostAsync(ControllerProcess controller)
    {
        using var admin = new AdminClient(controller.AdminSocket);
        var stored = (await admin.Api.ListNodesAsync(new ListNodesRequest())).Nodes.ToDictionary(node => node.Hostname);
        Assert.Equal(Nodes, stored.Count);
        foreach (var (hostName, promised) in _acknowledged)
        {
            var node = stored[hostName];
            Assert.Equal((promised.Id, promised.Address4, promised.Address6, promised.TunnelAddress, promised.Asn),
                (node.Id, node.Address4, node.Address6, node.TunnelAddress, node.Asn));
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
            seen = Interlocked.CompareExchange(ref target, value, seen);
    }
}
