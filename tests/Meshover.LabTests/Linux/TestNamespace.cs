using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;

namespace Meshover.LabTests.Linux;

/// <summary>A network namespace that lasts for one test, with <c>lo</c> up.</summary>
internal sealed class TestNamespace : IDisposable
{
    private static int _count;

    internal TestNamespace()
    {
        Name = $"t-linux-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        NetworkNamespace.Create(Name);
        Netlink = RouteNetlink.OpenIn(Path);
        Netlink.SetUp("lo");
        // A new one begins with what the machine's first has, which Docker sets (net.core.devconf_inherit_init_net).
        Run(() => SysctlFile.Write("net.ipv4.conf.all.forwarding", "0"));
    }

    internal string Name { get; }

    internal string Path => NetworkNamespace.PathOf(Name);

    internal RouteNetlink Netlink { get; }

    internal T Run<T>(Func<T> function) => NetworkNamespace.RunIn(Path, function);

    internal void Run(Action action) => NetworkNamespace.RunIn(Path, action);

    public void Dispose()
    {
        Netlink.Dispose();
        NetworkNamespace.Delete(Name);
    }
}
