using Meshover.Linux.Modules;

namespace Meshover.UnitTests.Linux;

public sealed class KernelModulesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("meshover-modules-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Has_BuiltInLoadableOrLoaded_IsThere_AndWhatNoListNamesIsNot()
    {
        Write("proc/sys/kernel/osrelease", "6.12.1-test\n");
        Write("lib/modules/6.12.1-test/modules.builtin", "kernel/drivers/net/dummy.ko\n");
        Write("lib/modules/6.12.1-test/modules.dep", "kernel/net/ipv4/ip_gre.ko.xz: kernel/net/ipv4/ip_tunnel.ko.xz\nkernel/net/mpls/mpls-router.ko:\n");
        Directory.CreateDirectory(Path.Combine(_root, "sys/module/vrf"));
        var modules = KernelModules.Read(_root);
        Assert.Equal([true, true, true, true, false, false], new[] { "dummy", "ip_gre", "mpls_router", "vrf", "vxlan", "ip_tunnel" }.Select(module => modules.Has(module)));
    }

    [Fact]
    public void Has_WithoutAnyList_IsToldOfWhatIsLoadedAlone()
    {
        Directory.CreateDirectory(Path.Combine(_root, "sys/module/wireguard"));
        var modules = KernelModules.Read(_root);
        Assert.True(modules.Has("wireguard"));
        Assert.Null(modules.Has("vxlan"));
    }

    [Fact]
    public void Has_WithOneListAlone_SaysNoOfNothing()
    {
        Write("proc/sys/kernel/osrelease", "6.12.1-test\n");
        Write("lib/modules/6.12.1-test/modules.dep", "kernel/net/ipv4/ip_gre.ko.xz:\n");
        var modules = KernelModules.Read(_root);
        Assert.True(modules.Has("ip_gre"));
        Assert.Null(modules.Has("vrf")); // it may be built in
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }
}
