namespace Meshover.LabTests.Mesh;

/// <summary>Meshes stand side by side on one machine, and so may two runs of the tests: what each mesh's namespaces begin with. Eight characters at most.</summary>
internal static class LabPrefix
{
    private static int _count;

    public static string Next() => $"m{Environment.ProcessId % 10_000}-{Interlocked.Increment(ref _count)}";
}
