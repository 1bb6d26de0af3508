using System.Diagnostics;
using System.Text.RegularExpressions;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Mesh;

/// <summary>Packets, as `meshover capture` has them and tcpdump reads them.</summary>
public sealed partial class SeeingTests
{
    private const string Packets = NodeCapture.Packets;

    [Fact]
    public async Task Capture_OfALinkAndOfItsSealedSide_IsWhatTcpdumpReads()
    {
        await _mesh.SettledAsync(_ct);
        var (node, numbers, own) = (_mesh.Node(1), await NumbersAsync(2), await NumbersAsync(1));

        var open = await CapturedAsync(node, ["-c", "4", "n2"], numbers.Address6);
        // BGP, BFD and echoes go there, but in clear text and of that link alone.
        Assert.All(open, line => Assert.Matches(AddressPair(), line));
        var all = await CapturedAsync(node, ["--for", "3s"], numbers.Address6, (await NumbersAsync(3)).Address6);
        foreach (var (address, peer) in new[] { (numbers.Address6, 2), ((await NumbersAsync(3)).Address6, 3) })
            Assert.Contains(all, line => line.Contains($"{own.Address6} > {address}: ICMP6, echo request", StringComparison.Ordinal));
        Assert.Contains(all, line => line.Contains($"{numbers.Address6} > {own.Address6}: ICMP6, echo reply", StringComparison.Ordinal));

        var peer2 = (await node.StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n2");
        var @sealed = await CapturedAsync(node, ["--sealed", "-c", "6", "n2.mesh"], numbers.Address6, (await NumbersAsync(3)).Address6);
        var at = System.Net.IPEndPoint.Parse(peer2.Endpoint!);
        Assert.All(@sealed, line => Assert.Matches($@" {Regex.Escape($"{at.Address}.{at.Port}")}[ :]", line));
        Assert.All(@sealed, line => Assert.Contains("UDP", line, StringComparison.Ordinal));
        Assert.DoesNotContain(@sealed, line => line.Contains(numbers.Address6, StringComparison.Ordinal)); // nothing of what is inside
    }

    [Fact]
    public async Task Capture_ThatIsInterrupted_EndsWellAndHasGivenUpRootsRights()
    {
        var node = _mesh.Node(1);
        using var running = Process.Start(node.Machine.Command(LabPrograms.Meshover, "capture", "--output", Packets)) ?? throw new InvalidOperationException("capture did not start");
        try
        {
            ProcessIdentity? process = null;
            await Until.NothingIsMissingAsync("it captures", Patience, () => Task.FromResult((process = Captures(node)) is null ? "it does not run" : null), _ct);
            await Until.NothingIsMissingAsync("it is nobody's", Patience, async () =>
                (await File.ReadAllTextAsync($"/proc/{process!.Pid}/status", _ct)) is var status && status.Contains("Uid:\t65534\t65534\t65534", StringComparison.Ordinal)
                    && status.Contains("CapPrm:\t0000000000000000", StringComparison.Ordinal) ? null : status, _ct);
            foreach (var thread in Directory.GetDirectories($"/proc/{process!.Pid}/task"))
                Assert.Contains("CapEff:\t0000000000000000", await File.ReadAllTextAsync($"{thread}/status", _ct), StringComparison.Ordinal);
            await Until.NothingIsMissingAsync("there is something in the file", Patience, () => Task.FromResult(new FileInfo(node.Machine.Disk(Packets)).Length > 1_000 ? null : "it is empty"), _ct);
            process!.Signal(2);
            await running.WaitForExitAsync(_ct).WaitAsync(Patience, _ct);
            Assert.Equal(0, running.ExitCode);
            Assert.NotEmpty(await NodeCapture.ReadAsync(node, _ct));
        }
        finally
        {
            if (!running.HasExited)
                running.Kill(entireProcessTree: true);
            (await node.Machine.RunAsync("rm", ["-f", Packets], _ct)).Checked();
        }
        var nobody = await node.MeshoverAsync(["capture", "nobody"], _ct);
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("no peer \"nobody\"", nobody.Error, StringComparison.Ordinal);
    }

    private static ProcessIdentity? Captures(LabNode node) => Meshover.Lab.Machines.MachineProcesses.Of(node.Machine)
        .Select(process => ProcessIdentity.TryFind(process.Id)).OfType<ProcessIdentity>()
        .FirstOrDefault(process => File.ReadAllText($"/proc/{process.Pid}/cmdline").Contains($"capture\0--output\0{Packets}", StringComparison.Ordinal));

    private Task<string[]> CapturedAsync(LabNode node, string[] wish, params string[] pinged) => NodeCapture.RunAsync(node, wish, pinged, Patience, _ct);

    [GeneratedRegex(" IP6? [0-9a-f.:]+ > [0-9a-f.:]+: ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AddressPair();
}
