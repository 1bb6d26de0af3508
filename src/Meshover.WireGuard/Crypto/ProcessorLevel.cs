using System.Collections.Immutable;
using System.Runtime.Intrinsics.X86;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// The levels of the x86-64 psABI for which the engine is compiled (docs/decisions/013). The processor itself is asked: the words in
/// <c>/proc/cpuinfo</c> are the kernel's choice, and some that are true are not there.
/// </summary>
public static class ProcessorLevel
{
    /// <summary>The name of a build for any x86-64, or of another architecture's.</summary>
    public const string Base = "v1";

    // XCR0's components: the upper halves of the 256-bit registers, and of AVX-512 its masks, upper halves and further registers.
    private const uint UpperHalves = 2;
    private static readonly ImmutableArray<uint> Avx512State = [5, 6, 7];

    /// <summary>What this program was compiled for; by the just-in-time compiler, that is what the processor has.</summary>
    public static string OfThisProgram => Avx512BW.VL.IsSupported ? "v4" : Avx2.IsSupported ? "v3" : Base;

    /// <summary>Above <see cref="Base"/>, the best first.</summary>
    public static ImmutableArray<string> OfTheProcessor { get; } = [.. LevelsOf(CpuidLeaf.Read)];

    /// <summary>The same for a processor that says this of itself.</summary>
    internal static IEnumerable<string> LevelsOf(Func<uint, uint, CpuidLeaf> cpuid)
    {
        var (basic, extended, amd) = (cpuid(1, 0).Ecx, cpuid(7, 0).Ebx, cpuid(0x8000_0001, 0).Ecx);
        var saves = Has(basic, 27) && Saves(cpuid, UpperHalves); // OSXSAVE: the system keeps more than the oldest registers
        // FMA, MOVBE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT
        var isLevel3 = saves && Has(basic, 12, 22, 28, 29) && Has(extended, 3, 5, 8) && Has(amd, 5);
        // AVX512F, DQ, CD, BW, VL
        if (isLevel3 && Has(extended, 16, 17, 28, 30, 31) && Avx512State.All(component => Saves(cpuid, component)))
            yield return "v4";
        if (isLevel3)
            yield return "v3";
    }

    private static bool Has(uint bits, params ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
        {
            if ((bits >> number & 1) == 0)
                return false;
        }
        return true;
    }

    // The processor says how much the components that are switched on take, and where each lies. (One that is off below another that is on
    // passes; a build that does not start is not chosen all the same.)
    private static bool Saves(Func<uint, uint, CpuidLeaf> cpuid, uint component)
    {
        const uint State = 0xd;
        var (size, offset) = (cpuid(State, component).Eax, cpuid(State, component).Ebx);
        return size > 0 && offset + size <= cpuid(State, 0).Ebx;
    }
}
