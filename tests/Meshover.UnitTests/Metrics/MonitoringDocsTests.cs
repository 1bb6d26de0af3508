using System.Text.RegularExpressions;
using Meshover.Agent.Scraping;
using Meshover.Controller.Scraping;
using Meshover.Metrics;
using Meshover.UnitTests.Architecture;
using Xunit;

namespace Meshover.UnitTests.Metrics;

/// <summary>docs/monitoring.md, the rules and the dashboards know every metric, and none that there is not.</summary>
public sealed partial class MonitoringDocsTests
{
    private static readonly List<Metric> All = [.. AgentMetrics.All.Concat(ControllerMetrics.All).DistinctBy(metric => metric.Name)];

    public static TheoryData<string> Names => [.. All.Select(metric => metric.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Metric_HasItsRow_WithTypeLabelsAndHelp(string name)
    {
        var metric = All.Single(metric => metric.Name == name);
        var labels = string.Join(", ", metric.Labels.Select(label => $"`{label}`"));
        Assert.Contains($"| `{name}` | {metric.Type.ToString().ToLowerInvariant()} | {labels} | {metric.Help} |", Repository.Read("docs/monitoring.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void Docs_RulesAndDashboards_NameNoMetricThatThereIsNot()
    {
        string[] files =
        [
            "docs/monitoring.md", "deploy/prometheus/meshover.rules.yml", "deploy/prometheus/meshover.rules.test.yml",
            .. Directory.GetFiles(Path.Combine(Repository.Root, "deploy/grafana/dashboards"), "*.json"),
        ];
        var known = All.SelectMany(metric => metric.Type == MetricType.Histogram ? [metric.Name, $"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count"] : new[] { metric.Name }).ToHashSet();
        foreach (var file in files)
        {
            var strangers = Name().Matches(Repository.Read(file)).Select(match => match.Value.TrimEnd('_')).Except(known).Where(name => name != "meshover_peer").ToList();
            Assert.True(strangers.Count == 0, $"{file}: {string.Join(", ", strangers)}");
        }
    }

    // What a rule records has colons in its name.
    [GeneratedRegex(@"(?<![\w:./-])(graph_)?meshover_\w+(?!:)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
