using Meshover.Linux.Tun;

namespace Meshover.WireGuard.Io;

/// <summary>One TUN device of the engine: frames (vnet header and packet) in and out, without blocking.</summary>
internal sealed unsafe class TunPort : FrameSink, IDisposable
{
    private const TunOffloads Tcp = TunOffloads.Checksum | TunOffloads.Tso4 | TunOffloads.Tso6 | TunOffloads.TsoEcn;
    private const TunOffloads Udp = TunOffloads.Checksum | TunOffloads.Uso4 | TunOffloads.Uso6;

    private readonly TunDevice _device;
    private readonly int _descriptor;
    private bool _takesTcp;
    private bool _takesUdp;
    private long _refused;
    private volatile bool _isLost;

    private TunPort(TunDevice device)
    {
        _device = device;
        _descriptor = (int)device.Handle.DangerousGetHandle();
    }

    public string Name => _device.Name;

    public int Descriptor => _descriptor;

    public override bool TakesLargeTcp => _takesTcp;

    public override bool TakesLargeUdp => _takesUdp;

    /// <summary>Frames that the device did not take; counted by the receive workers.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Makes the device, or takes over one that an earlier engine left.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="offloads">Which to ask for.</param>
    /// <param name="persistent">It stays when we end. False: as it was, so that one of our making goes with us.</param>
    /// <exception cref="TunException">No permission, no <c>/dev/net/tun</c>, or another program holds the device.</exception>
    public static TunPort Open(string name, OffloadKinds offloads, bool persistent = true)
    {
        var device = TunDevice.Open(name, vnetHeader: true, nonBlocking: true);
        try
        {
            if (persistent)
                device.SetPersistent(true);
            var port = new TunPort(device);
            port.SetOffloads(offloads);
            return port;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Reads one frame; 0 if there is none now, or the device is down.</summary>
    public int Read(byte* frame, int capacity) => (int)Math.Max(Libc.Read(_descriptor, frame, (nuint)capacity), 0);

    public override void Write(IoVector* pieces, int count, int length)
    {
        if (Libc.WriteVector(_descriptor, pieces, count) != length)
            Interlocked.Increment(ref _refused);
    }

    /// <summary>Somebody deleted the device under us: this port is of no use any more. Set by the send worker.</summary>
    public bool IsLost
    {
        get => _isLost;
        set => _isLost = value;
    }

    /// <summary>The device goes when this port is disposed of, instead of waiting for the next engine.</summary>
    public void DeleteOnDispose()
    {
        try
        {
            _device.SetPersistent(false);
        }
        catch (TunException)
        {
            IsLost = true; // it is gone already, which is what is wanted
        }
    }

    /// <summary>Takes <see cref="DeleteOnDispose"/> back. False: somebody deleted the device.</summary>
    public bool TryKeep()
    {
        try
        {
            _device.SetPersistent(true);
            return true;
        }
        catch (TunException)
        {
            IsLost = true;
            return false;
        }
    }

    public void Dispose() => _device.Dispose();

    // Set also when off: an earlier engine may have left them on. Where the kernel does not know USO it refuses both together.
    private void SetOffloads(OffloadKinds wanted)
    {
        var tcp = wanted.HasFlag(OffloadKinds.TunTcp) ? Tcp : TunOffloads.None;
        _takesUdp = wanted.HasFlag(OffloadKinds.TunUdp) && _device.TrySetOffloads(tcp | Udp);
        _takesTcp = tcp != TunOffloads.None && (_takesUdp || _device.TrySetOffloads(tcp));
        if (!_takesTcp && !_takesUdp)
            _device.TrySetOffloads(TunOffloads.None);
    }
}
