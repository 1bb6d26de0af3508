using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Meshover.Linux.Processes;

namespace Meshover.WebTests;

/// <summary>
/// The dashboards of deploy/grafana against the types that Grafana publishes of them (@grafana/schema, of which Dashboards/model.ts makes one): each becomes a
/// constant of that type, and TypeScript's compiler says what does not fit.
/// </summary>
public sealed partial class DashboardTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("meshover-dashboards-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Dashboards_FitWhatGrafanaPublishesOfThem()
    {
        var files = Files();
        Assert.NotEmpty(files);
        foreach (var file in files)
            await WriteAsync(Path.GetFileNameWithoutExtension(file), await File.ReadAllTextAsync(file));
        Assert.Equal("", (await CompileAsync()).Output);
    }

    [Fact]
    public async Task Dashboards_ThatDoNotFit_AreRefused()
    {
        Dictionary<string, Action<JsonNode>> faults = new(StringComparer.Ordinal)
        {
            ["a-number-as-text"] = mesh => Panel(mesh, "stat")["gridPos"]!["w"] = "4",
            ["a-text-as-a-number"] = mesh => mesh["refresh"] = 30,
            ["a-list-that-is-none"] = mesh => mesh["tags"] = "meshover",
            ["no-such-value"] = mesh => Panel(mesh, "stat")["options"]!["colorMode"] = "sparkling",
            ["no-such-number"] = mesh => mesh["templating"]!["list"]![0]!["refresh"] = 7,
            ["no-such-property"] = mesh => mesh["titel"] = "Mesh",
            ["no-such-option"] = mesh => Panel(mesh, "timeseries")["options"]!["colorMode"] = "value",
            ["no-such-stacking"] = mesh => Panel(mesh, "timeseries")["fieldConfig"]!["defaults"]!["custom"] = new JsonObject { ["stacking"] = new JsonObject { ["mode"] = "abnormal" } },
            ["no-such-panel"] = mesh => Panel(mesh, "table")["type"] = "tabular",
            ["no-query"] = mesh => Panel(mesh, "nodeGraph")["targets"]![0]!.AsObject().Remove("expr"),
            ["no-such-format"] = mesh => Panel(mesh, "table")["targets"]![0]!["format"] = "csv",
            ["no-such-unit"] = mesh => Panel(mesh, "timeseries")["fieldConfig"]!["defaults"]!["unit"] = 1,
            ["no-such-override"] = mesh => Panel(mesh, "nodeGraph")["fieldConfig"]!["overrides"]![0]!["properties"]![0]!["value"] = "orange",
        };
        var mesh = OneOfEachKind(await File.ReadAllTextAsync(Files().Single(file => file.EndsWith("meshover-mesh.json", StringComparison.Ordinal))));
        await WriteAsync("as-it-is", mesh);
        foreach (var (name, fault) in faults)
        {
            var dashboard = JsonNode.Parse(mesh)!;
            fault(dashboard);
            await WriteAsync(name, dashboard.ToJsonString());
        }
        var (code, output) = await CompileAsync();
        Assert.NotEqual(0, code);
        Assert.Equal(faults.Keys.Order(StringComparer.Ordinal), Refused().Matches(output).Select(match => match.Groups["file"].Value).Distinct().Order(StringComparer.Ordinal));
    }

    private static string[] Files() => Directory.GetFiles(Path.Combine(Here(), "../../deploy/grafana/dashboards"), "*.json");

    /// <summary>Each panel costs, where one of them does not fit.</summary>
    private static string OneOfEachKind(string json)
    {
        var dashboard = JsonNode.Parse(json)!;
        var panels = dashboard["panels"]!.AsArray().DistinctBy(panel => panel!["type"]!.GetValue<string>()).Select(panel => panel!.DeepClone());
        dashboard["panels"] = new JsonArray([.. panels]);
        return dashboard.ToJsonString();
    }

    private static JsonNode Panel(JsonNode dashboard, string type) => dashboard["panels"]!.AsArray().First(panel => panel!["type"]!.GetValue<string>() == type)!;

    private Task WriteAsync(string name, string json) =>
        File.WriteAllTextAsync(Path.Combine(_folder, $"{name}.ts"), $"import type {{ Model }} from '{Here()}/Dashboards/model';\nexport const dashboard: Model = {json};\n");

    private async Task<(int Code, string Output)> CompileAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "tsconfig.json"), $$"""{ "extends": "{{Here()}}/Dashboards/tsconfig.json", "include": ["*.ts"] }""");
        var compiler = $"{Here()}/Dashboards/node_modules/typescript/bin/tsc";
        var ending = await new ProgramRun("node", compiler, "--pretty", "false", "--project", _folder) { Patience = Patience }.RunAsync(CancellationToken.None);
        Assert.Equal("", ending.Errors);
        return (ending.ExitCode, ending.Output);
    }

    private static string Here([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    [GeneratedRegex(@"^\S*?(?<file>[\w-]+)\.ts\(\d+,\d+\): error ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Refused();
}
