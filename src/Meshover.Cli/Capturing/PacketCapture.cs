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

    /// <returns>How many packets were captured.</returns>
    public int Run(Stream stream, CancellationToken interrupted)
    {
        var captured = 0;
        try
        {
            using var buffered = new BufferedStream(stream, 1 << 16);
            var writer = new PcapngWriter(buffered, PacketSocket.HeaderLength + wish.SnapLength);
            writer.Begin($"meshover {ProgramVersion.Text}");
            writer.Flush();
            var buffer = new byte[PacketSocket.HeaderLength + wish.SnapLength];
            while (captured < (wish.Count ?? int.MaxValue) && !interrupted.IsCancellationRequested)
            {
                if (socket.Receive(buffer, Patience) is not { } packet)
                    writer.Flush();
                else if (NameOf(packet.InterfaceIndex) is var name && scope.Has(name))
                {
                    writer.Packet(buffer.AsSpan(0, packet.Kept), packet.Length, packet.Nanoseconds, name, packet.IsOutgoing);
                    captured++;
                }
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
        return captured;
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
