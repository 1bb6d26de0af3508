using Meshover.Cli.CommandLine;
using Meshover.Linux.Capture;
using Meshover.Linux.Netlink;

namespace Meshover.Cli.Capturing;

/// <summary>Carries packets from a socket to a stream until there are enough, it is interrupted, nobody reads any more or the link is gone.</summary>
internal sealed class PacketCapture(PacketSocket socket, CaptureScope scope, CaptureWish wish)
{
    /// <summary>After that the reader gets what there is, and an interruption is noticed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<int, string> _names = [];
    private int _captured;

    /// <summary>How many packets, until now.</summary>
    public int Captured => Volatile.Read(ref _captured);

    public void Run(Stream stream, CancellationToken interrupted)
    {
        try
        {
            using var buffered = new BufferedStream(stream, 1 << 16);
            var writer = new PcapngWriter(buffered, PacketSocket.HeaderLength + wish.SnapLength);
            writer.Begin($"meshover {ProgramVersion.Text}");
            writer.Flush();
            var buffer = new byte[PacketSocket.HeaderLength + wish.SnapLength];
            var flushed = TimeProvider.System.GetTimestamp();
            while (Captured < (wish.Count ?? int.MaxValue) && !interrupted.IsCancellationRequested)
            {
                if (socket.Receive(buffer, Patience) is { } packet && NameOf(packet.InterfaceIndex) is var name && scope.Has(name))
                {
                    writer.Packet(buffer.AsSpan(0, packet.Kept), packet.Length, packet.Nanoseconds, name, packet.IsOutgoing);
                    Interlocked.Increment(ref _captured);
                }
                if (TimeProvider.System.GetElapsedTime(flushed) < Patience)
                    continue;
                writer.Flush();
                flushed = TimeProvider.System.GetTimestamp();
            }
        }
        catch (CaptureException e)
        {
            Console.Error.WriteLine($"meshover: the capture ends: {e.Message}");
        }
        catch (IOException e) when (e.Message.Contains("Broken pipe", StringComparison.Ordinal))
        {
            // Who read it has enough.
        }
    }

    private string NameOf(int index)
    {
        if (_names.TryGetValue(index, out var known))
            return known;
        using var netlink = new RouteNetlink();
        foreach (var link in netlink.GetLinks())
            _names[link.Index] = link.Name;
        return _names.TryGetValue(index, out var name) ? name : _names[index] = $"#{index}";
    }
}
