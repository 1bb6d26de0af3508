using System.Net;
using System.Net.Sockets;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Datagrams of every size, compared by content: none may arrive damaged or twice, and all must arrive, if need be at another attempt,
/// since UDP may lose some but not always the same.
/// </summary>
internal sealed class Datagrams : IDisposable
{
    private const int LevelUdp = 17, UdpSegment = 103;
    private const int LevelSocket = 1, ReceiveBufferForce = 33;
    private const int Attempts = 12;

    // Under way at once: well within the queue of a TUN device, and within the receive buffer that wireguard-go has.
    private const int Window = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly ByteSource _source;
    private readonly byte[] _buffer = new byte[1 << 16];

    // On a busy machine what was thought lost may only be late, and come after all that was waited for.
    private readonly List<byte[]> _sentAgain = [];

    private Datagrams(Wire wire, int from, int to, IPAddress address, int seed)
    {
        _source = new ByteSource(seed);
        _receiver = wire.NewSocket(to, address.AddressFamily, SocketType.Dgram);
        _receiver.SetRawSocketOption(LevelSocket, ReceiveBufferForce, BitConverter.GetBytes(8 << 20));
        _receiver.Bind(new IPEndPoint(address, 0));
        _sender = wire.NewSocket(from, address.AddressFamily, SocketType.Dgram);
        _sender.Connect(_receiver.LocalEndPoint!);
    }

    /// <summary>
    /// Sends every size from 1 byte to beyond the MTU; bursts of one size, sent one by one and as a segmented send; and datagrams that
    /// are cut into fragments.
    /// </summary>
    public static async Task ExchangeAsync(Wire wire, int from, int to, IPAddress address, int seed)
    {
        using var datagrams = new Datagrams(wire, from, to, address, seed);
        await datagrams.SingleAsync([.. Enumerable.Range(1, 1_480)]);
        for (var i = 0; i < 10; i++)
            await datagrams.SingleAsync([.. Enumerable.Repeat(datagrams._source.Next(1, 1_340), Window)]);
        for (var i = 0; i < 30; i++)
            await datagrams.TrainAsync(datagrams._source.Next(1, 1_340), datagrams._source.Next(2, 50));
        await datagrams.SingleAsync([1_400, 2_000, 2_800, 5_000, 9_000, 20_000, 40_000, 65_000]);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    private async Task SingleAsync(int[] sizes)
    {
        _sender.SetRawSocketOption(LevelUdp, UdpSegment, BitConverter.GetBytes(0));
        foreach (var window in sizes.Chunk(Window))
            await DeliverAsync([.. window.Select(Datagram)], left => left.ForEach(datagram => _sender.Send(datagram)));
    }

    // The last of a train is shorter.
    private async Task TrainAsync(int size, int count)
    {
        byte[][] train = [.. Enumerable.Repeat(size, Math.Min(count, 60_000 / size)).Append((size + 1) / 2).Select(Datagram)];
        _sender.SetRawSocketOption(LevelUdp, UdpSegment, BitConverter.GetBytes(size));
        await DeliverAsync(train, left => _sender.Send(left.SelectMany(datagram => datagram).ToArray()));
    }

    private async Task DeliverAsync(byte[][] datagrams, Action<List<byte[]>> send)
    {
        List<byte[]> left = [.. datagrams];
        for (var attempt = 0; attempt < Attempts && left.Count > 0; attempt++)
        {
            if (attempt > 0)
                _sentAgain.AddRange(left);
            send(left);
            await ReceiveAsync(left);
        }
        Assert.True(left.Count == 0, $"never arrived: {string.Join(", ", left.Select(datagram => $"{datagram.Length} bytes"))}");
    }

    // Takes away what arrives, until all has or nothing more comes. What was sent again may come again.
    private async Task ReceiveAsync(List<byte[]> left)
    {
        while (left.Count > 0)
        {
            using var deadline = new CancellationTokenSource(Patience);
            try
            {
                var received = _buffer.AsMemory(0, await _receiver.ReceiveAsync(_buffer, deadline.Token));
                var index = left.FindIndex(datagram => received.Span.SequenceEqual(datagram));
                var isRepetition = index < 0 && _sentAgain.Exists(datagram => received.Span.SequenceEqual(datagram));
                Assert.True(index >= 0 || isRepetition, $"{received.Length} bytes arrived that were not sent");
                if (index >= 0)
                    left.RemoveAt(index);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private byte[] Datagram(int size)
    {
        var datagram = new byte[size];
        _source.Fill(datagram);
        return datagram;
    }
}
