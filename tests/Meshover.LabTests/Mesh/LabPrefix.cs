namespace Meshover.LabTests.Mesh;

/// <summary>Meshes stand side by side on one machine: what each one's namespaces begin with.</summary>
internal static class LabPrefix
{
    private static int _count;

    public static string Next() => $"m{Interlocked.Increment(ref _count)}";
}
