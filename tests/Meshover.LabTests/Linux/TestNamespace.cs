using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;

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
