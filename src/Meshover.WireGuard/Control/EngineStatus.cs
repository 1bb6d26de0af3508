using System.Collections.Immutable;
using System.Reflection;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Pipeline;

namespace Meshover.WireGuard.Control;

/// <summary>What the engine does now, put together from counters of all its threads.</summary>
internal static class EngineStatus
{
    /// <summary>Of this program.</summary>
    public static readonly string Release =
        typeof(EngineStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static DataplaneStatus Read(Engine engine)
    {
        var now = engine.Now;
        return new DataplaneStatus
        {
            Version = Release,
            Interface = engine.Config?.Interface,
            PublicKey = engine.Config is null ? null : engine.PublicKey,
            OtherPublicKey = engine.Config?.OtherPrivateKey?.PublicKey,
            ListenPort = engine.Pipeline.State.Udp?.Port ?? 0,
            Peers = [.. engine.Peers.Select(peer => ReadPeer(peer, engine.LinkMtu(peer.Config), now))],
            Drops = Enum.GetValues<DropReason>().Where(reason => engine.Pipeline.Drops(reason) > 0)
                .ToImmutableDictionary(reason => reason.ToString(), engine.Pipeline.Drops),
            Offloads = [.. Offloads(engine.Pipeline.State)],
            Cipher = BatchChoice.NameInUse,
            Build = BuildInfo.Read(),
        };
    }

    private static PeerStatus ReadPeer(EnginePeer entry, int linkMtu, long now)
    {
        var session = entry.Peer.Session;
        return new PeerStatus
        {
            PublicKey = entry.Config.PublicKey,
            Endpoint = entry.EndPoint,
            LastHandshakeAgeMs = Age(session.LastHandshake, now),
            LastReceiveAgeMs = Age(session.LastReceived, now),
            RxBytes = entry.Peer.ReceivedBytes,
            TxBytes = entry.Peer.SentBytes,
            LinkName = entry.Config.Link?.Name,
            LinkMtu = linkMtu,
            AgreedAs = session.Agreed?.Ours,
        };
    }

    private static long Age(long since, long now) => since < 0 ? -1 : Math.Max(now - since, 0);

    private static IEnumerable<string> Offloads(PipelineState state)
    {
        if (state.Udp is { } udp)
        {
            if (udp.V4 is not null)
                yield return "ipv4";
            if (udp.V6 is not null)
                yield return "ipv6";
            if ((udp.V4 ?? udp.V6)![0].SendsLarge)
                yield return "udp-gso";
            if ((udp.V4 ?? udp.V6)![0].ReceivesLarge)
                yield return "udp-gro";
        }
        if (state.Main is { TakesLargeTcp: true })
            yield return "tun-tso";
        if (state.Main is { TakesLargeUdp: true })
            yield return "tun-uso";
    }
}
