using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>
/// Runs a property over what seeds make of it: first the seeds that once failed (<c>Seeds.txt</c>), then as many new ones as asked for.
/// <c>MESHOVER_FUZZ_SEED</c> names the first of the new seeds, to see a failure again; <c>MESHOVER_FUZZ_ROUNDS</c> multiplies them, for
/// a long night.
/// </summary>
/// <remarks>
/// A fault of memory ends the process, and with it the message that would name the seed: it is then found in the temporary directory, in
/// <c>meshover-fuzz-NAME-PID.seed</c>.
/// </remarks>
internal static class Fuzzing
{
    public static void Run(Action<Dice> property, int iterations, [CallerMemberName] string name = "")
    {
        var path = Path.Combine(Path.GetTempPath(), $"meshover-fuzz-{name}-{Environment.ProcessId}.seed");
        using (var trace = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            foreach (var seed in Seeds(name, iterations))
            {
                RandomAccess.Write(trace, System.Text.Encoding.ASCII.GetBytes($"{seed,-20}\n"), 0);
                Try(property, name, seed);
            }
        }
        File.Delete(path);
    }

    private static IEnumerable<ulong> Seeds(string name, int iterations)
    {
        foreach (var seed in KeptSeeds(name))
            yield return seed;
        var first = Setting("MESHOVER_FUZZ_SEED") ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        var count = (ulong)iterations * (Setting("MESHOVER_FUZZ_ROUNDS") ?? 1);
        for (var i = 0UL; i < count; i++)
            yield return first + i;
    }

    // Lines of "NAME SEED what it found"; those with '#' are comments.
    private static IEnumerable<ulong> KeptSeeds(string name)
    {
        using var stream = typeof(Fuzzing).Assembly.GetManifestResourceStream("Fuzz.Seeds.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is [var test, var seed, ..] && test == name)
                yield return ulong.Parse(seed);
        }
    }

    private static void Try(Action<Dice> property, string name, ulong seed)
    {
        try
        {
            property(new Dice(seed));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The property fails. Mend it, and keep its seed in Seeds.txt: {name} {seed}", e);
        }
    }

    private static ulong? Setting(string name) => ulong.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : null;
}
