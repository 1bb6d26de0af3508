using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Io;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Whatever is on or off, what goes in comes out: TCP in writes of random sizes compared by its hash, datagrams of all sizes one by one.
/// Each row is a configuration of the engine and its underlay; in each, both families go both ways, through the link and by the main
/// device.
/// </summary>
public sealed class ContentMatrixTests
{
    private const int TcpBytes = 4_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private const string All = "tun-tso tun-uso udp-gso udp-gro";
    private static readonly string[] Offloads = [All, "", "tun-tso", "tun-uso", "udp-gso", "udp-gro"];

    // Each offload, each cipher and each family beside some of the others. Ciphers never meet offloads, which are done with when one begins.
    public static TheoryData<string, string, bool> BetweenOurselves { get; } = OfThisMachine(
    [
        (All, "OpenSsl", false),
        (All, "Avx2", true),
        (All, "Avx512", false),
        ("", "Avx2", false),
        ("tun-tso", "Avx2", true),
        ("tun-uso udp-gro", "OpenSsl", true),
        ("udp-gso", "Avx512", true),
    ]);

    [Theory, MemberData(nameof(BetweenOurselves))]
    public async Task Content_BetweenOurselves_IsTheSame(string offloads, string cipher, bool v6Underlay)
    {
        using var inUse = new CipherInUse(cipher);
        await using var pair = await Mesh.CreateAsync(2, v6Underlay, Parse(offloads));
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);

        await ExchangeAsync(pair.Wire, "10.99.0.", seed: 1);
        await ExchangeAsync(pair.Wire, "fd99::", seed: 2);
        await ExchangeAsync(pair.Wire, "198.18.0.", seed: 3);
        await ExchangeAsync(pair.Wire, "fd18::", seed: 4);

        foreach (var engine in pair.Engines)
            AssertUsed(offloads, await engine.Client.GetStatusAsync());
    }

    public static TheoryData<string, string, bool> WithWireGuardGo { get; } = OfThisMachine(
    [
        (All, "Avx2", true),
        ("", "OpenSsl", false),
        ("tun-tso udp-gro", "Avx2", false),
        ("tun-uso udp-gso", "Avx512", true),
    ]);

    [Theory, MemberData(nameof(WithWireGuardGo))]
    public async Task Content_WithWireGuardGo_IsTheSame(string offloads, string cipher, bool v6Underlay)
    {
        using var inUse = new CipherInUse(cipher);
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1, offloads: Parse(offloads));
        await using var go = await GoPeer.StartAsync(wire, 2);
        await WireGuardGoTests.ConnectAsync(engine, go, v6Underlay);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);

        await ExchangeAsync(wire, "198.18.0.", seed: 5);
        await ExchangeAsync(wire, "fd18::", seed: 6);

        AssertUsed(offloads, await engine.Client.GetStatusAsync());
    }

    // A row for a cipher that the processor does not have would test another without a word: there is none.
    /// <summary>Those that the processor can run. MESHOVER_MATRIX=whole: each offload with each cipher over each family.</summary>
    private static TheoryData<string, string, bool> OfThisMachine(IEnumerable<(string, string, bool)> rows) =>
        [.. (Environment.GetEnvironmentVariable("MESHOVER_MATRIX") == "whole" ? Whole() : rows).Where(row => Enum.Parse<BatchCipher>(row.Item2) is var cipher && (cipher == BatchCipher.OpenSsl || PacketSet.IsSupported(cipher)))];

    private static IEnumerable<(string, string, bool)> Whole() =>
        from offloads in Offloads
        from cipher in Enum.GetNames<BatchCipher>()
        from v6Underlay in (bool[])[false, true]
        select (offloads, cipher, v6Underlay);

    // TCP one way and datagrams the other, then the other way round.
    private static async Task ExchangeAsync(Wire wire, string prefix, int seed)
    {
        var (first, second) = (IPAddress.Parse($"{prefix}1"), IPAddress.Parse($"{prefix}2"));
        await Traffic.TcpAsync(wire, 1, 2, second, TcpBytes, seed);
        await Datagrams.ExchangeAsync(wire, 2, 1, first, seed);
        await Traffic.TcpAsync(wire, 2, 1, first, TcpBytes, seed);
        await Datagrams.ExchangeAsync(wire, 1, 2, second, seed);
    }

    private static void AssertUsed(string offloads, DataplaneStatus status)
    {
        var wanted = OffloadProbeTests.OfThisKernel(offloads.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(wanted.Order(), status.Offloads.Except(["ipv4", "ipv6"]).Order());
        Assert.Empty(status.Drops);
    }

    private static OffloadKinds Parse(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(OffloadKinds.None, (kinds, name) => kinds | name switch
        {
            "tun-tso" => OffloadKinds.TunTcp,
            "tun-uso" => OffloadKinds.TunUdp,
            "udp-gso" => OffloadKinds.UdpSend,
            _ => OffloadKinds.UdpReceive,
        });

    /// <summary>Has all engines of this process use a cipher for their batches, until it is disposed of.</summary>
    private sealed class CipherInUse : IDisposable
    {
        private readonly BatchCipher _former = BatchChoice.InUse;

        public CipherInUse(string name) => BatchChoice.InUse = Enum.Parse<BatchCipher>(name);

        public void Dispose() => BatchChoice.InUse = _former;
    }
}
