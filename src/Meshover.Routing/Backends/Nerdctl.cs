using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>containerd, by its command nerdctl, in a namespace of containerd's that is ours alone.</summary>
internal sealed class Nerdctl(string socket, TimeProvider time) : IContainerEngine
{
    /// <summary>Of containerd: images, too, are of a namespace.</summary>
    public const string Namespace = "meshover";

    private const string Program = "nerdctl";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private static readonly string[] _none = ["no such image", "no such container", "no such object", ": not found"];

    public string Name => "containerd";

    /// <summary>nerdctl has no words for it.</summary>
    public Func<string, string>? NetworkAt => null;

    public async Task<ContainerImage?> FindImageAsync(string name, CancellationToken ct)
    {
        var ending = await RunAsync(["image", "inspect", name], ct);
        if (ending.ExitCode != 0 && SaysNone(ending)) return null;
        return Read(Checked(ending).Output, NerdctlJson.Default.ListNerdctlImage) is [var image, ..] ? new ContainerImage(name, image.Id, [.. image.Manifests ?? []]) : null;
    }

    public async Task<string> RunAsync(ContainerSpec spec, CancellationToken ct) => Checked(await RunAsync(RunArguments(spec), ct)).Output.Trim().Split('\n')[^1];

    public async Task<ImmutableArray<ContainerState>> ListAsync(string label, CancellationToken ct)
    {
        var ids = Checked(await RunAsync(["ps", "--all", "--quiet", "--no-trunc", "--filter", $"label={label}"], ct)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var states = ImmutableArray.CreateBuilder<ContainerState>();
        foreach (var id in ids)
        {
            var ending = await RunAsync(["inspect", "--mode", "dockercompat", id], ct);
            if (ending.ExitCode != 0 && SaysNone(ending)) continue; // it has gone meanwhile
            if (Read(Checked(ending).Output, NerdctlJson.Default.ListNerdctlContainer) is not [var one, ..]) continue;
            states.Add(new ContainerState(one.Id, one.Config?.Labels?.GetValueOrDefault(IContainerEngine.ImageLabel) ?? "", one.State is { IsRunning: true } state ? state.Pid : 0));
        }
        return states.ToImmutable();
    }

    public async Task StartInAsync(string container, IReadOnlyList<string> command, CancellationToken ct) =>
        Checked(await RunAsync(["exec", "--detach", "--user", "0", container, .. command], ct));

    public async Task RemoveAsync(string container, CancellationToken ct)
    {
        var ending = await RunAsync(["rm", "--force", "--volumes", container], ct);
        if (!SaysNone(ending)) Checked(ending);
    }

    /// <summary>Of one that runs on when the command ends.</summary>
    internal static IReadOnlyList<string> RunArguments(ContainerSpec spec) =>
    [
        "run", "--detach", "--name", spec.Name, .. spec.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).SelectMany(label => new[] { "--label", $"{label.Key}={label.Value}" }),
        "--pull", "never", "--restart", "no", "--network", spec.Network, "--user", "0", "--read-only", "--stop-signal", "SIGKILL",
        .. spec.Capabilities.SelectMany(capability => new[] { "--cap-add", capability }),
        .. spec.Binds.SelectMany(bind => new[] { "--volume", $"{bind.Source}:{bind.Target}" }),
        .. spec.Temporary.SelectMany(directory => new[] { "--tmpfs", $"{directory}:mode=1777" }),
        .. ((string[])["nofile", "nproc"]).SelectMany(limit => new[] { "--ulimit", string.Create(CultureInfo.InvariantCulture, $"{limit}={spec.Limit}:{spec.Limit}") }),
        "--entrypoint", spec.Command[0], spec.Image.Name, .. spec.Command[1..],
    ];

    private async Task<ProgramEnding> RunAsync(IReadOnlyList<string> command, CancellationToken ct)
    {
        // The command would try for long.
        if (!EngineProcess.Listens(socket)) throw Failed($"containerd does not answer at {socket}: start it, let frr-socket name its socket, or let FRR run elsewhere (frr-backend)");
        try
        {
            return await new ProgramRun(Program, ["--address", socket, "--namespace", Namespace, .. command]) { Patience = _patience, Time = time }.RunAsync(ct);
        }
        catch (ProgramException e)
        {
            throw Failed($"{e.Message}: install nerdctl, or let FRR run elsewhere (frr-backend)");
        }
    }

    private static ProgramEnding Checked(ProgramEnding ending) => ending.ExitCode == 0 ? ending : throw Failed($"nerdctl refused: {ending.Errors.Trim()}");

    /// <summary>Its words where there is no image, or container, of a name.</summary>
    private static bool SaysNone(ProgramEnding ending) =>
        ending.ExitCode != 0 && _none.Any(words => ending.Errors.Contains(words, StringComparison.OrdinalIgnoreCase));

    private static List<T> Read<T>(string output, System.Text.Json.Serialization.Metadata.JsonTypeInfo<List<T>> type)
    {
        try
        {
            return JsonSerializer.Deserialize(output, type) ?? [];
        }
        catch (JsonException e)
        {
            throw Failed($"nerdctl's answer cannot be read: {e.Message}");
        }
    }

    private static RoutingException Failed(string why) => new(why) { Kind = FindingKinds.FrrEngine };
}

// 'set', not 'init': the serializer's generated code takes the default of an 'init' member away where the text lacks it.

internal sealed record NerdctlImage
{
    public string Id { get; set; } = "";
    [JsonPropertyName("RepoDigests")] public List<string>? Manifests { get; set; }
}

internal sealed record NerdctlContainer
{
    public string Id { get; set; } = "";
    public NerdctlState? State { get; set; }
    public NerdctlConfig? Config { get; set; }
}

internal sealed record NerdctlConfig
{
    public Dictionary<string, string>? Labels { get; set; }
}

internal sealed record NerdctlState
{
    [JsonPropertyName("Running")] public bool IsRunning { get; set; }
    public int Pid { get; set; }
}

[JsonSerializable(typeof(List<NerdctlImage>))]
[JsonSerializable(typeof(List<NerdctlContainer>))]
internal sealed partial class NerdctlJson : JsonSerializerContext;
