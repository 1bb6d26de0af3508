namespace Meshover.Linux.Tun;

/// <summary>TUN_F_* (linux/if_tun.h): segmentation that the device's reader takes over from the kernel.</summary>
[Flags]
public enum TunOffloads : uint
{
    None = 0,
    Checksum = 1,
    Tso4 = 2,
    Tso6 = 4,
    TsoEcn = 8,
    Ufo = 0x10,
    Uso4 = 0x20,
    Uso6 = 0x40,
}
