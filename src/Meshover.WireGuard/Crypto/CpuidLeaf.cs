using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Meshover.WireGuard.Crypto;

/// <summary>What the instruction CPUID says of a processor, under one number (Intel's manual, volume 2, "CPUID").</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CpuidLeaf(uint Eax, uint Ebx, uint Ecx, uint Edx)
{
    /// <summary>Of the processor that this runs on; all zero where it is no x86, or knows no such number.</summary>
    public static CpuidLeaf Read(uint number, uint sub)
    {
        if (!X86Base.IsSupported || number > (uint)X86Base.CpuId((int)(number & 0x8000_0000), 0).Eax)
            return default;
        var (eax, ebx, ecx, edx) = X86Base.CpuId((int)number, (int)sub);
        return new CpuidLeaf((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
    }
}
