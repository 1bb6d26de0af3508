using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>Progress of a lab goes to the test's own output, which is shown where the test fails.</summary>
internal sealed class TestProgress : ILabProgress
{
    public void Step(string text) => TestContext.Current.SendDiagnosticMessage(text);
}
