using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Meshover.LabTests.WireGuard;

/// <summary>Makes a TCP (stream) or UDP socket in some network namespace.</summary>
internal delegate Socket NewSocket(AddressFamily family, SocketType type);

/// <summary>Transfers whose content is compared by its hash at both ends: iperf3 does not notice a damaged payload.</summary>
internal static class Traffic
{
    private const int LevelUdp = 17, UdpSegment = 103;
    private const int LevelSocket = 1, ReceiveBufferForce = 33, MemoryInfo = 55;
    private const int ReceiveBufferBytes = 8 << 20;
    private const int HashLength = 32;

    /// <summary>Sends bytes in writes of random sizes over one TCP connection, and fails unless the same arrive.</summary>
    public static Task TcpAsync(Wire wire, int from, int to, IPAddress address, int bytes, int seed) =>
        TcpAsync(wire.Sockets(from), wire.Sockets(to), address, bytes, seed);

    /// <summary>The same between any two places.</summary>
    public static async Task TcpAsync(NewSocket from, NewSocket to, IPAddress address, int bytes, int seed)
    {
        using var listener = to(address.AddressFamily, SocketType.Stream);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        using var sender = from(address.AddressFamily, SocketType.Stream);
        var accepting = listener.AcceptAsync();
        await sender.ConnectAsync(listener.LocalEndPoint!);
        using var receiver = await accepting;
        sender.NoDelay = true;

        var receiving = ReceiveAllAsync(receiver);
        var sent = await SendAllAsync(sender, bytes, seed);
        sender.Shutdown(SocketShutdown.Send);

        Assert.Equal((bytes, sent), await receiving);
    }

    /// <summary>
    /// Sends trains of equal datagrams by one segmented send each, every datagram with its own hash behind it. None may arrive damaged,
    /// few may be lost.
    /// </summary>
    public static Task UdpAsync(Wire wire, int from, int to, IPAddress address, int trains, int seed) =>
        UdpAsync(wire.Sockets(from), wire.Sockets(to), address, trains, seed);

    /// <summary>The same between any two places.</summary>
    public static async Task UdpAsync(NewSocket from, NewSocket to, IPAddress address, int trains, int seed)
    {
        using var receiver = to(address.AddressFamily, SocketType.Dgram);
        // By force: the usual limit of a machine is less than such a burst, which no slow receiver takes in time.
        receiver.SetRawSocketOption(LevelSocket, ReceiveBufferForce, BitConverter.GetBytes(ReceiveBufferBytes));
        receiver.Bind(new IPEndPoint(address, 0));
        using var sender = from(address.AddressFamily, SocketType.Dgram);
        await sender.ConnectAsync(receiver.LocalEndPoint!);
        using var done = new CancellationTokenSource();
        var receiving = CountIntactAsync(receiver, done);
        var source = new ByteSource(seed);
        var sent = 0;
        for (var i = 0; i < trains; i++)
        {
            sent += await SendTrainAsync(sender, source);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }
        done.CancelAfter(TimeSpan.FromSeconds(1));

        var (intact, damaged) = await receiving;
        Assert.Equal(0, damaged);
        Assert.True(
            intact >= sent * 9 / 10 && intact <= sent, $"{intact} of {sent} arrived; for {DropsOf(receiver)} the receiver had no room");
    }

    // SK_MEMINFO_DROPS (linux/sock_diag.h), the last of nine numbers.
    private static uint DropsOf(Socket socket)
    {
        var values = new byte[9 * sizeof(uint)];
        socket.GetRawSocketOption(LevelSocket, MemoryInfo, values);
        return BitConverter.ToUInt32(values, 8 * sizeof(uint));
    }

    private static async Task<int> SendTrainAsync(Socket sender, ByteSource source)
    {
        var size = source.Next(HashLength + 1, 1300);
        var count = source.Next(1, 40);
        var train = new byte[size * count];
        for (var i = 0; i < count; i++)
        {
            var datagram = train.AsSpan(i * size, size);
            source.Fill(datagram[..^HashLength]);
            SHA256.HashData(datagram[..^HashLength], datagram[^HashLength..]);
        }
        sender.SetRawSocketOption(LevelUdp, UdpSegment, BitConverter.GetBytes(size));
        await sender.SendAsync(train);
        return count;
    }

    private static async Task<(int Intact, int Damaged)> CountIntactAsync(Socket receiver, CancellationTokenSource done)
    {
        var buffer = new byte[2048];
        var (intact, damaged) = (0, 0);
        try
        {
            while (true)
            {
                var length = await receiver.ReceiveAsync(buffer, done.Token);
                (intact, damaged) = IsIntact(buffer.AsSpan(0, length)) ? (intact + 1, damaged) : (intact, damaged + 1);
            }
        }
        catch (OperationCanceledException)
        {
            return (intact, damaged);
        }
    }

    private static bool IsIntact(ReadOnlySpan<byte> datagram) =>
        datagram.Length > HashLength && SHA256.HashData(datagram[..^HashLength]).AsSpan().SequenceEqual(datagram[^HashLength..]);

    private static async Task<string> SendAllAsync(Socket sender, int bytes, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var source = new ByteSource(seed);
        var buffer = new byte[100_000];
        for (var left = bytes; left > 0;)
        {
            var write = buffer.AsMemory(0, Math.Min(left, source.Next(1, buffer.Length)));
            source.Fill(write.Span);
            hash.AppendData(write.Span);
            for (var rest = write; rest.Length > 0;)
                rest = rest[await sender.SendAsync(rest)..];
            left -= write.Length;
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task<(int Bytes, string Hash)> ReceiveAllAsync(Socket receiver)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        var total = 0;
        while (true)
        {
            var count = await receiver.ReceiveAsync(buffer);
            if (count == 0)
                return (total, Convert.ToHexString(hash.GetHashAndReset()));
            hash.AppendData(buffer.AsSpan(0, count));
            total += count;
        }
    }
}

/// <summary>Bytes and numbers from a seed: the same in every run.</summary>
internal sealed class ByteSource(int seed)
{
    private ulong _state = (ulong)seed * 0x9e3779b97f4a7c15 + 1;

    public int Next(int from, int to) => from + (int)(Draw() % (ulong)(to - from));

    public void Fill(Span<byte> bytes)
    {
        foreach (ref var value in bytes)
            value = (byte)Draw();
    }

    // xorshift64* (Vigna)
    private ulong Draw()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (_state * 0x2545f4914f6cdd1d) >> 24;
    }
}
