using System.Runtime.InteropServices;
using Meshover.Lab;

namespace Meshover.LabTests.WireGuard;

/// <summary>How a plain WireGuard begins and ends, as https://www.wireguard.com/xplatform/ wants it.</summary>
public sealed class PlainLifeTests : IAsyncLifetime
{
    private Wire _wire = null!;
    private PlainPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        _wire = await Wire.CreateAsync(1);
        _peer = await PlainPeer.StartAsync(_wire, 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _wire.DisposeAsync();
    }

    [Fact]
    public async Task Start_InTheBackground_ReturnsWithTheDeviceAndTheSocketThere()
    {
        var link = await _wire.IpAsync(1, "-o", "link", "show", _peer.Device);

        Assert.Contains("mtu 1420", link);
        Assert.DoesNotContain(",UP", link);
        Assert.Contains(_peer.Device, (await Shell.RunAsync("wg", "show", "interfaces")).Split(' ', '\n'));
        Assert.Equal($"interface: {_peer.Device}", (await Shell.RunAsync("wg", "show", _peer.Device)).Split('\n')[0]);
        Assert.NotNull(_peer.Find());
    }

    [Fact]
    public async Task SocketFile_Deleted_EndsIt()
    {
        File.Delete(_peer.SocketPath);
        await _peer.WaitForEndAsync();
    }

    [Fact]
    public async Task Device_Deleted_EndsIt()
    {
        await _wire.IpAsync(1, "link", "del", _peer.Device);
        await _peer.WaitForEndAsync();
    }

    [Fact]
    public async Task Signal_Term_EndsIt()
    {
        _peer.Find()!.Signal(PosixSignal.SIGTERM);
        await _peer.WaitForEndAsync();
    }

    [Fact]
    public async Task Killed_TheDeviceGoesAndTheNameCanBeUsedAgain()
    {
        _peer.Find()!.Kill();
        await Until.TrueAsync("the device is gone", TimeSpan.FromSeconds(10), async () =>
            !(await _wire.IpAsync(1, "-o", "link")).Contains(_peer.Device));

        await _wire.RunAsync(1, LabPrograms.Meshover, "dataplane", "--plain", _peer.Device);
        await _peer.WgAsync("show", _peer.Device);
    }

    [Fact]
    public async Task Start_OfTheSameName_IsRefusedAndTheFirstGoesOn()
    {
        var (exitCode, output) = await TryStartAsync(_peer.Device);

        Assert.Equal(1, exitCode);
        Assert.Contains(_peer.Device, output);
        Assert.DoesNotContain("defect", output);
        await _peer.WgAsync("show", _peer.Device);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a name with blanks")]
    [InlineData("longer-than-15-bytes")]
    public async Task Start_WithNoInterfaceName_SaysSo(string name)
    {
        var (exitCode, output) = await TryStartAsync([.. new[] { name }.Where(n => n.Length > 0)]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("interface", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("defect", output);
    }

    [Fact]
    public async Task Start_WithTheNameOfAnotherDevice_SaysSoAndLeavesIt()
    {
        var (exitCode, output) = await TryStartAsync("eth0");

        Assert.Equal(1, exitCode);
        Assert.Contains("Cannot make the device eth0", output);
        Assert.Contains("veth", await _wire.IpAsync(1, "-d", "link", "show", "eth0"));
        Assert.False(File.Exists("/var/run/wireguard/eth0.sock"));
    }

    [Fact]
    public async Task Foreground_WithALogLevel_LogsAndEndsWithItsDevice()
    {
        var name = PlainPeer.NewName();
        var program = $"LOG_LEVEL=info timeout 20 {LabPrograms.Meshover} dataplane --plain -f {name} & "
            + $"for i in $(seq 100); do [ -S /var/run/wireguard/{name}.sock ] && break; sleep 0.1; done; ip link del {name}; wait";

        var (_, output) = await _wire.TryRunAsync(1, "sh", "-c", program);

        Assert.Contains($"{name} is ready", output);
        Assert.Contains($"{name} ends", output);
        Assert.False(File.Exists($"/var/run/wireguard/{name}.sock"));
    }

    [Fact]
    public async Task Life_FromBeginningToEnd_TouchesNoDisk()
    {
        await _peer.SetUpAsync();
        var open = Directory.GetFileSystemEntries($"/proc/{_peer.Find()!.Pid}/fd").Select(path => new FileInfo(path).LinkTarget ?? "");
        // Its standard output is the file in which it would have said why it cannot start: deleted by now, and written no more.
        Assert.DoesNotContain(open.Where(file => !file.EndsWith(" (deleted)", StringComparison.Ordinal)), file =>
            file.StartsWith("/tmp", StringComparison.Ordinal) || file.StartsWith("/run", StringComparison.Ordinal)
            || file.StartsWith("/var", StringComparison.Ordinal));

        _peer.Find()!.Signal(PosixSignal.SIGTERM);
        await _peer.WaitForEndAsync();

        string[] places = ["/run/meshover", "/var/lib/meshover", "/var/run/wireguard", Path.GetTempPath()];
        var left = places.Where(Directory.Exists).SelectMany(Directory.GetFileSystemEntries);
        Assert.DoesNotContain(left, file => file.Contains(_peer.Device));
    }

    private Task<(int ExitCode, string Output)> TryStartAsync(params string[] name) =>
        _wire.TryRunAsync(1, [LabPrograms.Meshover, "dataplane", "--plain", .. name]);
}
