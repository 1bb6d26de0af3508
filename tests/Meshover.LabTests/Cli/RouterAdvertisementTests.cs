using System.Globalization;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>A machine that has its IPv6 default route from a router's advertisements (radvd's), as hosts with SLAAC have.</summary>
public sealed class RouterAdvertisementTests : IAsyncLifetime
{
    /// <summary>Seconds after which the route is gone without further advertisements. They come every 3 to 4 s: on a busy machine several may be late.</summary>
    private const int RouteLifetime = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CliBed _bed = new();
    private ProcessIdentity? _radvd;

    public async ValueTask InitializeAsync()
    {
        await _bed.InitializeAsync();
        var configuration = await _bed.WriteAsync("radvd.conf", $$"""
            interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime {{RouteLifetime}};
              prefix 2001:db8:1::/64 { }; };

            """);
        _radvd = DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = "/usr/sbin/radvd",
            Arguments = ["--nodaemon", "--logmethod=stderr", $"--config={configuration}", $"--pidfile={configuration}.pid"],
            LogFile = $"{configuration}.log",
            NetworkNamespacePath = NetworkNamespace.PathOf(_bed.ControllerNamespace),
        });
    }

    public async ValueTask DisposeAsync()
    {
        _radvd?.Kill();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task Up_ForwardingGoesOn_TheDefaultRouteStays_AndDownPutsAcceptRaBack()
    {
        await Until.TrueAsync("the advertised default route is there", Patience, async () => await LifetimeAsync() > 0);
        var before = await AcceptRaAsync();

        (await _bed.MeshoverAsync("up", "--join", _bed.Join, "--hostname", "n1", "--no-wait")).Checked();
        await Until.TrueAsync("it forwards", Patience, async () => await SysctlAsync("net.ipv6.conf.eth0.forwarding") == "1");

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
