using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// What passes the interfaces of a machine, by a packet socket, packet(7): in the machine that joins all others, this is the whole
/// underlay.
/// </summary>
internal sealed class UnderlayCapture : IAsyncDisposable
{
    private const int EthernetHeader = 14;
    private const ushort EtherTypeIPv4 = 0x0800, EtherTypeIPv6 = 0x86dd;
    private const ProtocolType EveryEtherType = (ProtocolType)0x0300; // ETH_P_ALL, in network order
    private const byte FragmentHeader = 44; // RFC 8200 section 4.5

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<IPAddress, int> _destinations = new();
    private readonly Socket _socket;
    private readonly Task _run;
    private int _fragments;

    private UnderlayCapture(Socket socket)
    {
        _socket = socket;
        _run = Task.Run(RunAsync);
    }

    public static UnderlayCapture Start(Machine machine) =>
        new(machine.InNetwork(() => new Socket(AddressFamily.Packet, SocketType.Raw, EveryEtherType)));

    /// <summary>Where packets were going.</summary>
    public IReadOnlyCollection<IPAddress> Destinations => [.. _destinations.Keys];

    /// <summary>How many fragments of packets there were, of either family.</summary>
    public int Fragments => Volatile.Read(ref _fragments);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var frame = new byte[1 << 16];
        try
        {
            while (true)
                Note(frame.AsSpan(0, await _socket.ReceiveAsync(frame, SocketFlags.None, _stop.Token)));
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync.
        }
    }

    private void Note(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetHeader + 40)
            return;
        var packet = frame[EthernetHeader..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
        {
            case EtherTypeIPv4:
                // More fragments, or one that does not start the packet.
                Note(packet[16..20], (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0);
                break;
            case EtherTypeIPv6:
                Note(packet[24..40], packet[6] == FragmentHeader);
                break;
        }
    }

    private void Note(ReadOnlySpan<byte> destination, bool isFragment)
    {
        _destinations.AddOrUpdate(new IPAddress(destination), 1, static (_, count) => count + 1);
        if (isFragment)
            Interlocked.Increment(ref _fragments);
    }
}
