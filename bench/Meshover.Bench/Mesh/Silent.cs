using Meshover.Lab.Meshes;

namespace Meshover.Bench.Mesh;

/// <summary>The lab's steps are not told: the figures are the progress.</summary>
internal sealed class Silent : ILabProgress
{
    public void Step(string text)
    {
        // See above.
    }
}
