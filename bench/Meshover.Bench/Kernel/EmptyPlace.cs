using System.Net;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Kernel;

/// <summary>
/// A new namespace with an underlay, 10.77.0.1 on eth0, whose other end is a gateway that passes nothing on. The kernel takes a namespace with a
/// thousand devices apart in its own time: who disposes of this waits until it has, so that the next measurement does not pay for it.
/// </summary>
internal sealed class EmptyPlace : IAsyncDisposable
{
    private const int PrefixLength = 30;
    private static readonly IPAddress Gateway = IPAddress.Parse("10.77.0.2");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly RouteNetlink _outside = new();

    private EmptyPlace(string name) => Name = name;

    public string Name { get; }

    // Its end outside goes when the namespace is really gone.
    private string Outside => Name;

    /// <param name="use">At most five letters: an interface has the name, too.</param>
    public static async Task<EmptyPlace> MakeAsync(string use)
    {
        var name = $"mh{Environment.ProcessId}-{use}";
        var place = new EmptyPlace(name);
        NetworkNamespace.Create(name);
        try
        {
            place._outside.CreateLink(LinkSpec.Veth(place.Outside, "eth0", NetworkNamespace.PathOf(name)));
            place._outside.SetUp(place.Outside);
            place._outside.ReplaceAddress(place.Outside, Gateway, PrefixLength);
            using var inside = RouteNetlink.OpenIn(NetworkNamespace.PathOf(name));
            inside.SetUp("lo");
            inside.ReplaceAddress("eth0", IPAddress.Parse("10.77.0.1"), PrefixLength);
            inside.SetUp("eth0");
            var uplink = inside.GetLink("eth0").Index;
            inside.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("0.0.0.0/0"), Gateway = Gateway, OutputLink = uplink });
            return place;
        }
        catch
        {
            await place.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        NetworkNamespace.Delete(Name);
        using var deadline = new CancellationTokenSource(Patience);
        while (_outside.FindLink(Outside) is not null)
            await Task.Delay(Look, TimeProvider.System, deadline.Token);
        _outside.Dispose();
    }
}
