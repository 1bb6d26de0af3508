using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Meshover.LabTests.Mesh;

/// <summary>deploy/prometheus, judged by Prometheus' own tool.</summary>
public sealed class PrometheusRulesTests
{
    [Theory]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "meshover.rules.yml")]
    [InlineData("test", "rules", "meshover.rules.test.yml")]
    public async Task Promtool_IsContent(params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = Directory(),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(promtool.ExitCode == 0, $"{await output}{await error}");
    }

    private static string Directory([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../deploy/prometheus"));
}
