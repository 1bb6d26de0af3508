using System.Globalization;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>A machine that has its IPv6 default route from routers' advertisements (radvd's), as hosts with SLAAC have.</summary>
public sealed class RouterAdvertisementTests : IAsyncLifetime
{
    /// <summary>
    /// Seconds after which the route is gone without further advertisements. They come every 3 to 4 s: on a machine that is busy with other
    /// tests several may be late.
    /// </summary>
    private const int RouteLifetime = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CliBed _bed = new();
    private readonly List<ProcessIdentity> _radvd = [];

    public async ValueTask InitializeAsync() => await _bed.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        _radvd.ForEach(radvd => radvd.Kill());
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task Up_ForwardingGoesOn_TheDefaultRouteStays_AndDownPutsAcceptRaBack()
    {
        await AdvertiseAsync();
        await Until.TrueAsync("the advertised default route is there", Patience, async () => await LifetimeAsync() > 0);
        var before = await AcceptRaAsync();
        await UpAsync();

        Assert.Equal("2", await AcceptRaAsync());
        // The route's lifetime counts down: twice risen, it was renewed by advertisements that came while forwarding.
        for (var renewed = 0; renewed < 2; renewed++)
        {
            var seen = await LifetimeAsync();
            await Until.TrueAsync("the default route is renewed", Patience, async () =>
            {
                var (former, now) = (seen, await LifetimeAsync());
                Assert.True(now > 0, "the default route has gone");
                seen = now;
                return now > former;
            });
        }
        Assert.Equal(0, (await _bed.MeshoverAsync("doctor")).ExitCode);

        (await _bed.MeshoverAsync("down")).Checked();
        Assert.Equal(before, await AcceptRaAsync());
    }

    [Fact]
    public async Task Up_FirstAdvertisementAfterForwarding_GivesAddressAndDefault_AlsoOnAnInterfaceThatComesLater()
    {
        await UpAsync();
        await AdvertiseAsync();
        await Until.TrueAsync("the advertised default route is there", Patience, async () => await LifetimeAsync() > 0);
        Assert.Contains("2001:db8:1:", await OnMachineAsync("ip", "-6", "address", "show", "dev", "eth0", "scope", "global", "dynamic"), StringComparison.Ordinal);

        await OnMachineAsync("ip", "link", "add", "eth9", "type", "veth", "peer", "name", "eth9p");
        await Until.TrueAsync("a new interface hears advertisements", Patience, async () => await SysctlAsync("net.ipv6.conf.eth9.accept_ra") == "2");
        (await _bed.MeshoverAsync("down")).Checked();
        Assert.Equal(("1", "1"), (await AcceptRaAsync(), await SysctlAsync("net.ipv6.conf.eth9.accept_ra")));
    }

    [Fact]
    public async Task Up_NetworkManagerReadsAdvertisements_StaysDeafItself()
    {
        await OnMachineAsync("sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=0");
        await OnMachineAsync("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "eth0", "proto", "ra", "metric", "512");
        await UpAsync();
        Assert.Equal("0", await AcceptRaAsync());
        Assert.Equal(0, (await _bed.MeshoverAsync("doctor")).ExitCode);
    }

    [Fact]
    public async Task Up_TwoRoutersAdvertise_TheMirrorSettles()
    {
        await AdvertiseAsync("fe80::a1");
        await AdvertiseAsync("fe80::a2");
        await Until.TrueAsync("two default routes are there", Patience, async () => (await DefaultsAsync()).Length == 2);
        await UpAsync();
        await Until.TrueAsync("both are mirrored", Patience, async () => (await MirroredAsync()).Length == 2);

        var changes = await OnMachineAsync("sh", "-c", "timeout 5 ip -6 monitor route || true");
        Assert.DoesNotContain("7401", changes, StringComparison.Ordinal);
        Assert.Equal(2, (await MirroredAsync()).Length);
    }

    private async Task UpAsync()
    {
        (await _bed.MeshoverAsync("up", "--join", _bed.Join, "--hostname", "n1", "--no-wait")).Checked();
        await Until.TrueAsync("it forwards", Patience, async () => await SysctlAsync("net.ipv6.conf.eth0.forwarding") == "1");
    }

    /// <summary>A router at the other end of the cable.</summary>
    /// <param name="source">Its link-local address, if not that of the interface.</param>
    private async Task AdvertiseAsync(string? source = null)
    {
        var router = _bed.ControllerNamespace;
        if (source is not null)
            (await Programs.RunAsync("ip", ["-n", router, "address", "add", $"{source}/64", "dev", "eth0", "nodad"])).Checked();
        var configuration = await _bed.WriteAsync($"radvd{_radvd.Count}.conf", $$"""
            interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime {{RouteLifetime}};
              prefix 2001:db8:1::/64 { };{{(source is null ? "" : $" AdvRASrcAddress {{ {source}; }};")}} };

            """);
        _radvd.Add(DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = "/usr/sbin/radvd",
            Arguments = ["--nodaemon", "--logmethod=stderr", $"--config={configuration}", $"--pidfile={configuration}.pid"],
            LogFile = $"{configuration}.log",
            NetworkNamespacePath = NetworkNamespace.PathOf(router),
        }));
    }

    private async Task<string[]> DefaultsAsync() => Lines(await OnMachineAsync("ip", "-6", "route", "show", "default", "proto", "ra"));

    private async Task<string[]> MirroredAsync() => Lines(await OnMachineAsync("ip", "-6", "route", "show", "default", "table", "7401"));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> OnMachineAsync(params string[] command) => (await _bed.OnMachineAsync(command)).Checked();

    /// <summary>Seconds that the advertised default route has left; 0 where there is none.</summary>
    private async Task<int> LifetimeAsync()
    {
        var words = (await _bed.OnMachineAsync("ip", "-6", "route", "show", "default", "proto", "ra")).Checked().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var expires = Array.IndexOf(words, "expires");
        return expires < 0 ? 0 : int.Parse(words[expires + 1].TrimEnd('s', 'e', 'c'), CultureInfo.InvariantCulture);
    }

    private Task<string> AcceptRaAsync() => SysctlAsync("net.ipv6.conf.eth0.accept_ra");

    private async Task<string> SysctlAsync(string key) => (await _bed.OnMachineAsync("sysctl", "-n", key)).Checked();
}
