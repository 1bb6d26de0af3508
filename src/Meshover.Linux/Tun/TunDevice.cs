using System.Buffers.Binary;
using System.Text;
using Meshover.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Meshover.Linux.Tun;

/// <summary>
/// One queue of a TUN device: whole IP packets, without the 4 bytes of packet information (IFF_NO_PI). The device lives in the namespace of
/// the thread that opened it, and ends with its last descriptor unless it is persistent.
/// </summary>
public sealed unsafe class TunDevice : IDisposable
{
    /// <summary>Bytes of <c>struct virtio_net_hdr</c> before every packet where <see cref="HasVnetHeader"/>.</summary>
    public const int VnetHeaderLength = 10;

    // ioctl numbers and flags: linux/if_tun.h. struct ifreq { char name[16]; union { short flags; … }; } is 40 bytes.
    private const uint SetInterface = 0x400454ca;
    private const uint SetPersistence = 0x400454cb;
    private const uint SetOffload = 0x400454d0;
    private const uint SetVnetHeaderSize = 0x400454d8;
    private const short FlagTun = 0x0001;
    private const short FlagNoPacketInformation = 0x1000;
    private const short FlagVnetHeader = 0x4000;
    private const int RequestLength = 40;
    private const int NameLength = 16;
    private const int ReadWriteNonBlockCloseOnExec = 2 | 0x800 | 0x80000;
    private const int ReadWriteCloseOnExec = 2 | 0x80000;

    private TunDevice(SafeFileHandle handle, string name, bool hasVnetHeader)
    {
        Handle = handle;
        Name = name;
        HasVnetHeader = hasVnetHeader;
    }

    /// <summary>For read(2) and write(2), one packet each.</summary>
    public SafeFileHandle Handle { get; }

    public string Name { get; }

    /// <summary>Every packet is preceded by <c>struct virtio_net_hdr</c> (linux/virtio_net.h).</summary>
    public bool HasVnetHeader { get; }

    /// <summary>Makes the device of that name, or attaches to it where it is there and nobody holds it.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="vnetHeader">As <see cref="HasVnetHeader"/>; needed for offloads. It cannot change while the device lives.</param>
    /// <param name="nonBlocking">Reads and writes return EAGAIN instead of waiting.</param>
    /// <exception cref="TunException">EBUSY where another process holds it, EINVAL where a device of another kind has the name.</exception>
    public static TunDevice Open(string name, bool vnetHeader, bool nonBlocking)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var request = new byte[RequestLength];
        if (Encoding.UTF8.GetByteCount(name) >= NameLength)
            throw new TunException("open TUN device", name, Errno.Invalid);
        Encoding.UTF8.GetBytes(name, request);
        var flags = FlagTun | FlagNoPacketInformation | (vnetHeader ? FlagVnetHeader : 0);
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(NameLength), (short)flags);
        var handle = OpenClone(name, nonBlocking);
        try
        {
            fixed (byte* pointer = request)
            {
                if (Libc.IoControl(handle, SetInterface, pointer) != 0)
                    throw new TunException("open TUN device", name, Errno.Last);
            }

            var device = new TunDevice(handle, name, vnetHeader);
            if (vnetHeader)
                device.UseShortVnetHeader();
            return device;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Persistent: the device, with its addresses, stays when its holder goes (without a carrier until the next attaches).</summary>
    public void SetPersistent(bool persistent)
    {
        if (Libc.IoControlValue(Handle, SetPersistence, persistent ? 1 : 0) != 0)
            throw new TunException("set the persistence of", Name, Errno.Last);
    }

    /// <summary>False: this kernel does not know one of them (EINVAL); nothing was changed.</summary>
    public bool TrySetOffloads(TunOffloads offloads)
    {
        if (Libc.IoControlValue(Handle, SetOffload, (nint)(uint)offloads) == 0)
            return true;
        return Errno.Last == Errno.Invalid ? false : throw new TunException("set the offloads of", Name, Errno.Last);
    }

    public void Dispose() => Handle.Dispose();

    // An earlier holder may have left another size on a persistent device.
    private void UseShortVnetHeader()
    {
        var size = VnetHeaderLength;
        if (Libc.IoControl(Handle, SetVnetHeaderSize, &size) != 0)
            throw new TunException("set the header size of", Name, Errno.Last);
    }

    private static SafeFileHandle OpenClone(string name, bool nonBlocking)
    {
        var handle = Libc.OpenFile("/dev/net/tun", nonBlocking ? ReadWriteNonBlockCloseOnExec : ReadWriteCloseOnExec, 0);
        return handle.IsInvalid ? throw new TunException("open /dev/net/tun for", name, Errno.Last) : handle;
    }
}
