using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Meshover.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Meshover.Linux.Interfaces;

/// <summary>
/// Asks for one interface by name (netdevice(7)). That costs under a microsecond, where a message of rtnetlink has the kernel write down all
/// that it knows of the interface: for what is looked at again and again. Of the namespace of the thread that opened it; any thread, one at a time.
/// </summary>
public sealed unsafe class InterfaceSocket : IDisposable
{
    // linux/sockios.h; struct ifreq { char name[16]; union { short flags; int mtu; … }; } is 40 bytes.
    private const uint GetFlags = 0x8913;
    private const uint GetMtu = 0x8921;
    private const short FlagUp = 1;
    private const int RequestLength = 40;
    private const int NameLength = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <summary>
    /// Whether the interface is up, and its MTU in bytes. Null: there is none of that name, which costs some milliseconds: the kernel looks for a
    /// module of that name first.
    /// </summary>
    public (bool IsUp, int Mtu)? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Span<byte> request = stackalloc byte[RequestLength];
        request.Clear();
        if (Encoding.UTF8.GetByteCount(name) >= NameLength)
            return null;
        Encoding.UTF8.GetBytes(name, request);
        if (!TryAsk(GetFlags, request))
            return null;
        var isUp = (BinaryPrimitives.ReadInt16LittleEndian(request[NameLength..]) & FlagUp) != 0;
        return TryAsk(GetMtu, request) ? (isUp, BinaryPrimitives.ReadInt32LittleEndian(request[NameLength..])) : null;
    }

    public void Dispose() => _socket.Dispose();

    private bool TryAsk(uint what, Span<byte> request)
    {
        fixed (byte* argument = request)
            return Libc.IoControl(_socket.SafeHandle, what, argument) == 0;
    }
}
