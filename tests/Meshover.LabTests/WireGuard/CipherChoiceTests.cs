using Meshover.Lab;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;

namespace Meshover.LabTests.WireGuard;

/// <summary>Which cipher the programs use, as they were built (docs/decisions/013).</summary>
public sealed class CipherChoiceTests(ITestOutputHelper output)
{
    private static readonly string OfTheProcessor = ProcessorLevel.OfTheProcessor.FirstOrDefault() switch
    {
        "v4" => "avx512",
        "v3" => "avx2",
        _ => "openssl",
    };

    [Fact]
    public async Task Engine_AsItIsInstalled_UsesTheWidestVectorsOfTheProcessor()
    {
        await using var wire = await Wire.CreateAsync(1);
        await using var engine = await EngineProcess.StartAsync(wire);

        Assert.Equal(OfTheProcessor, await CipherOfAsync(engine));
    }

    // The program's one file is all that some machines get.
    [Fact]
    public async Task Engine_WithoutTheBuildsForNewerProcessors_UsesOpenSsl()
    {
        await using var wire = await Wire.CreateAsync(1);
        using var alone = new CopiedProgram();
        await using var engine = await EngineProcess.StartAsync(wire, alone.Path);

        Assert.Equal(EngineProcess.IsNative ? "openssl" : OfTheProcessor, await CipherOfAsync(engine));
    }

    private async Task<string?> CipherOfAsync(EngineProcess engine)
    {
        var cipher = (await engine.Client.GetStatusAsync()).Cipher;
        output.WriteLine($"{cipher}, of a processor for {OfTheProcessor} ({(EngineProcess.IsNative ? "native" : "JIT")})");
        return cipher;
    }

    /// <summary>meshover in a directory of its own; built for the JIT, which needs its assemblies, it stays where it is.</summary>
    private sealed class CopiedProgram : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("meshover-alone-");

        public CopiedProgram()
        {
            Path = LabPrograms.Meshover;
            if (EngineProcess.IsNative)
                File.Copy(LabPrograms.Meshover, Path = System.IO.Path.Combine(_directory.FullName, "meshover"));
        }

        public string Path { get; }

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
