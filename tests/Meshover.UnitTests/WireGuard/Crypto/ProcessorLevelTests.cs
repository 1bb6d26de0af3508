using Meshover.WireGuard.Crypto;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class ProcessorLevelTests
{
    private const uint Basic = 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29;
    private const uint Avx2 = 1u << 3 | 1u << 5 | 1u << 8;
    private const uint Avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    private const uint Lzcnt = 1u << 5;
    private const uint SavedAvx2 = 832, SavedAvx512 = 2432;

    [Theory]
    [InlineData(Basic, Avx2 | Avx512, Lzcnt, SavedAvx512, "v4 v3")]
    [InlineData(Basic, Avx2, Lzcnt, SavedAvx2, "v3")]
    [InlineData(Basic, Avx2 | Avx512, Lzcnt, SavedAvx2, "v3")] // the system does not keep the registers of AVX-512
    [InlineData(Basic, Avx2 | Avx512, Lzcnt, 576, "")] // nor those of AVX
    [InlineData(Basic & ~(1u << 27), Avx2 | Avx512, Lzcnt, SavedAvx512, "")]
    [InlineData(Basic, Avx2 | 1u << 16 | 1u << 28, Lzcnt, SavedAvx512, "v3")] // Knights Landing: without what level 4 asks for
    [InlineData(Basic, Avx2 | Avx512, 0, SavedAvx512, "")]
    [InlineData(Basic, Avx512, Lzcnt, SavedAvx512, "")]
    [InlineData(0, 0, 0, 0, "")]
    public void LevelsOf_WhatTheProcessorSays_OnlyWholeLevelsTheBestFirst(uint basic, uint extended, uint amd, uint saved, string levels) =>
        Assert.Equal(levels, string.Join(' ', ProcessorLevel.LevelsOf(Processor(basic, extended, amd, saved))));

    // The words of /proc/cpuinfo need not be all, but none is a lie.
    [Fact]
    public void OfTheProcessor_HasWhatTheKernelNames()
    {
        var flags = File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ').ToHashSet();
        string[] level3 = ["avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"];
        string[] level4 = [.. level3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"];
        string[] named = [.. flags.IsSupersetOf(level4) ? ["v4"] : Array.Empty<string>(), .. flags.IsSupersetOf(level3) ? ["v3"] : Array.Empty<string>()];

        Assert.Empty(named.Except(ProcessorLevel.OfTheProcessor));
    }

    // As an AMD lays its registers out.
    private static Func<uint, uint, CpuidLeaf> Processor(uint basic, uint extended, uint amd, uint saved) => (number, sub) => (number, sub) switch
    {
        (1, _) => new CpuidLeaf(0, 0, basic, 0),
        (7, 0) => new CpuidLeaf(0, extended, 0, 0),
        (0x8000_0001, _) => new CpuidLeaf(0, 0, amd, 0),
        (0xd, 0) => new CpuidLeaf(0, saved, 0, 0),
        (0xd, 2) => new CpuidLeaf(256, 576, 0, 0),
        (0xd, 5) => new CpuidLeaf(64, 832, 0, 0),
        (0xd, 6) => new CpuidLeaf(512, 896, 0, 0),
        (0xd, 7) => new CpuidLeaf(1024, 1408, 0, 0),
        _ => default,
    };
}
