using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Docker.DotNet;
using Docker.DotNet.Models;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>Docker, and Podman, which speaks Docker's API, too: by their socket, with a connection for each question, as an engine may be started anew at any time.</summary>
internal sealed class DockerEngine(string name, string socket, Func<string, string>? networkAt) : IContainerEngine
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private static readonly string[] _limits = ["nofile", "nproc"];

    public string Name => name;

    public Func<string, string>? NetworkAt => networkAt;

    public Task<ContainerImage?> FindImageAsync(string image, CancellationToken ct) => CallAsync<ContainerImage?>(async docker =>
    {
        try
        {
            var found = await docker.Images.InspectImageAsync(image, ct);
            return new ContainerImage(image, Digest(found.ID), [.. found.RepoDigests ?? []]);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }, ct);

    public Task<string> RunAsync(ContainerSpec spec, CancellationToken ct) => CallAsync(async docker =>
    {
        var made = await docker.Containers.CreateContainerAsync(Parameters(spec), ct);
        await docker.Containers.StartContainerAsync(made.ID, new ContainerStartParameters(), ct);
        return made.ID;
    }, ct);

    public Task<ImmutableArray<ContainerState>> ListAsync(string label, CancellationToken ct) => CallAsync<ImmutableArray<ContainerState>>(async docker =>
    {
        var listed = await docker.Containers.ListContainersAsync(new ContainersListParameters
        {
            All = true,
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [label] = true } },
        }, ct);
        var states = ImmutableArray.CreateBuilder<ContainerState>();
        foreach (var one in listed)
            if (await InspectAsync(docker, one.ID, ct) is { } state) states.Add(state);
        return states.ToImmutable();
    }, ct);

    public Task StartInAsync(string container, IReadOnlyList<string> command, CancellationToken ct) => CallAsync(async docker =>
    {
        var exec = await docker.Exec.CreateContainerExecAsync(container, new ContainerExecCreateParameters { Cmd = [.. command], User = "0", AttachStderr = true }, ct);
        // Attached, as the library takes the answer to a detached start for an error; when we hang up, the program goes on.
        (await docker.Exec.StartContainerExecAsync(exec.ID, new ContainerExecStartParameters(), ct)).Dispose();
        return true;
    }, ct);

    public Task RemoveAsync(string container, CancellationToken ct) => CallAsync(async docker =>
    {
        try
        {
            await docker.Containers.RemoveContainerAsync(container, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, ct);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // Somebody else was faster.
        }
        return true;
    }, ct);

    private static async Task<ContainerState?> InspectAsync(DockerClient docker, string id, CancellationToken ct)
    {
        try
        {
            var one = await docker.Containers.InspectContainerAsync(id, ct);
            return new ContainerState(one.ID, Digest(one.Image), one.State is { Running: true } state ? (int)state.Pid : 0);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private static CreateContainerParameters Parameters(ContainerSpec spec) => new()
    {
        Name = spec.Name,
        Image = spec.Image.Id,
        Entrypoint = [.. spec.Command],
        Cmd = [],
        User = "0",
        Labels = spec.Labels.ToDictionary(),
        // What ends it in good order would end zebra so, and that takes its routes away.
        StopSignal = "SIGKILL",
        HostConfig = new HostConfig
        {
            NetworkMode = spec.Network,
            Sysctls = spec.Sysctls.IsEmpty ? null : spec.Sysctls.ToDictionary(),
            CapAdd = [.. spec.Capabilities],
            Binds = [.. spec.Binds.Select(bind => $"{bind.Source}:{bind.Target}")],
            Tmpfs = spec.Temporary.ToDictionary(directory => directory, _ => "mode=1777"),
            ReadonlyRootfs = true,
            // What is bound is not labelled for containers (SELinux).
            SecurityOpt = ["label=disable"],
            Ulimits = [.. _limits.Select(limit => new Ulimit { Name = limit, Soft = spec.Limit, Hard = spec.Limit })],
        },
    };

    /// <summary>Podman leaves the algorithm out.</summary>
    private static string Digest(string id) => id.Contains(':', StringComparison.Ordinal) ? id : $"sha256:{id}";

    private async Task<T> CallAsync<T>(Func<DockerClient, Task<T>> call, CancellationToken ct)
    {
        try
        {
            using var docker = new DockerClientBuilder().WithEndpoint(new Uri($"unix://{socket}")).WithTimeout(_patience).Build();
            return await call(docker);
        }
        catch (DockerApiException e)
        {
            throw new RoutingException($"{name} refused: {Reason(e)}", e) { Kind = FindingKinds.FrrEngine };
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or SocketException or IOException or TimeoutException or OperationCanceledException)
        {
            var cause = e.GetBaseException() is SocketException refused ? refused.Message : e.Message;
            throw new RoutingException($"{name} does not answer at {socket} ({cause}): start it, let frr-socket name its socket, or let FRR run elsewhere (frr-backend)", e) { Kind = FindingKinds.FrrEngine };
        }
    }

    private static string Reason(DockerApiException refusal)
    {
        try
        {
            using var body = JsonDocument.Parse(refusal.ResponseBody ?? "");
            return body.RootElement.TryGetProperty("message", out var message) ? message.GetString()!.Trim() : refusal.Message;
        }
        catch (JsonException)
        {
            return refusal.Message;
        }
    }
}
