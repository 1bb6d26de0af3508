using Meshover.Agent.Reconciling;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Nftables;
using Meshover.UnitTests.Agent.Reconciling;

namespace Meshover.LabTests.Agent.Reconciling;

/// <summary>
/// With every link down nothing for the mesh leaves by the default route. Number 1 is the node; number 2 is its gateway, and counts what
/// arrives for the mesh's pools and the tunnel's.
/// </summary>
public sealed class NothingFallsThroughTests : IAsyncLifetime
{
    // Two node addresses and a tunnel address; none of them is there.
    private static readonly string[] Targets = ["10.249.3.4", "fd00::3:4", "198.18.0.2"];
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("t-linux-");
    private Wire _wire = null!;
    private Nft _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _wire = await Wire.CreateAsync(2);
        await _wire.IpAsync(1, "route", "add", "default", "via", "10.77.0.2");
        await _wire.IpAsync(1, "-6", "route", "add", "default", "via", "fd77::2");
        _gateway = new Nft(NetworkNamespace.PathOf(_wire.Name(2)));
        await _gateway.ApplyAsync(Capture, "capture", default);
    }

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Reconcile_NoLinkIsUp_PacketsForTheMeshGoNowhere()
    {
        await CallAllAsync();
        Assert.Equal(Targets.Length, await CapturedAsync()); // without us they do leave

        using var reconciler = new KernelReconciler(new KernelReconcilerOptions
        {
            NamespacePath = NetworkNamespace.PathOf(_wire.Name(1)),
            StateDirectory = _state.FullName,
        });
        await reconciler.ReconcileAsync(KernelPlans.OneLink().ForSystem, default);
        await CallAllAsync();

        Assert.Equal(Targets.Length, await CapturedAsync());
    }

    private async Task CallAllAsync()
    {
        foreach (var target in Targets)
            await _wire.TryRunAsync(1, "ping", "-n", "-c", "1", "-W", "0.2", target);
    }

    private async Task<long> CapturedAsync()
    {
        using var table = await _gateway.ListTableAsync("inet", "capture", default);
        return table!.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("counter", out _))
            .Sum(item => item.GetProperty("counter").GetProperty("packets").GetInt64());
    }

    private static string Capture => $$"""
        {"nftables":[
          {"add":{"table":{"family":"inet","name":"capture"} } },
          {"add":{"counter":{"family":"inet","table":"capture","name":"arrived"} } },
          {"add":{"chain":{"family":"inet","table":"capture","name":"in","type":"filter","hook":"prerouting","prio":0,"policy":"accept"} } },
          {{Rule("ip", "10.249.0.0", 16)}},
          {{Rule("ip", "198.18.0.0", 15)}},
          {{Rule("ip6", "fd00::", 48)}}
        ]}
        """;

    private static string Rule(string family, string address, int length) => $$"""
        {"add":{"rule":{"family":"inet","table":"capture","chain":"in","expr":[
          {"match":{"op":"==","left":{"payload":{"protocol":"{{family}}","field":"daddr"} },"right":{"prefix":{"addr":"{{address}}","len":{{length}} } } } },
          {"counter":"arrived"}]} } }
        """;
}
