using System.Collections.Immutable;
using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;
using Meshover.Routing.Config;
using TemplateLine = Meshover.Routing.Config.TemplateLine;

namespace Meshover.Cli.Frr;

/// <summary>What the templates make, and what runs.</summary>
internal sealed record FrrAnswer
{
    /// <summary>Of a mesh that there is not.</summary>
    public bool IsExample { get; init; }
    public FrrConfig Rendered { get; init; } = new("", "", "");

    /// <summary>Why nothing is rendered; empty where something is.</summary>
    public string Error { get; init; } = "";

    /// <summary>Null: nothing runs, or it is not known.</summary>
    public FrrConfig? Running { get; init; }
    public string RunningUnknown { get; init; } = "";
    public ImmutableArray<TemplateLine> Lines { get; init; } = [];
}

/// <summary>Asks the agent, who knows the mesh.</summary>
internal sealed class FrrSource(string agentSocket, TimeProvider time)
{
    // A mesh of some thousand nodes is half a second's work, twice.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <param name="directory">Of the templates; null: that of the settings, which are this node's and not known here.</param>
    public static FrrAnswer Example(string? directory)
    {
        try
        {
            var rendering = FrrRendering.OfExample(FrrTemplateSet.Load(directory is null ? null : Path.GetFullPath(directory)));
            return new FrrAnswer { IsExample = true, Rendered = rendering.Config, Lines = rendering.Lines };
        }
        catch (FrrTemplateException e)
        {
            return new FrrAnswer { IsExample = true, Error = e.Message };
        }
    }

    /// <param name="command">Which asks.</param>
    /// <param name="directory">Of the templates; null: that of the settings.</param>
    /// <exception cref="CliException">No agent answers.</exception>
    public async Task<FrrAnswer> AskAsync(string command, string? directory, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot(command, "asks the agent, which answers root alone");
        return await TryAskAsync(directory, cancellationToken)
            ?? throw new CliException("No agent answers on this machine: start it with `meshover up`. Templates alone are tried by `meshover frr check DIRECTORY`.");
    }

    /// <summary>Null where no agent answers us.</summary>
    /// <exception cref="CliException">It does, and has nothing to render.</exception>
    public async Task<FrrAnswer?> TryAskAsync(string? directory, CancellationToken cancellationToken)
    {
        if (!File.Exists(agentSocket))
            return null;
        using var channel = LocalChannel.Open(agentSocket);
        try
        {
            var request = new RenderFrrRequest { Templates = directory is null ? "" : Path.GetFullPath(directory) };
            return Read(await new LocalService.LocalServiceClient(channel)
                .RenderFrrAsync(request, deadline: (time.GetUtcNow() + AnswerWithin).UtcDateTime, cancellationToken: cancellationToken));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new CliException(e.Status.Detail, inner: e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw new CliException("The agent that runs is older than this program and cannot say it: restart it with `meshover up`.", inner: e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return null;
        }
    }

    private static FrrAnswer Read(RenderFrrResponse answer) => new()
    {
        Rendered = Texts(answer.Rendered) ?? new FrrConfig("", "", ""),
        Error = answer.Error,
        Running = Texts(answer.Running),
        RunningUnknown = answer.RunningUnknown,
        Lines = [.. answer.Lines.Select(line => new TemplateLine(line.Text, line.File, (int)line.Line))],
    };

    private static FrrConfig? Texts(FrrTexts? texts) => texts is null ? null : new FrrConfig(texts.Zebra, texts.Bgpd, texts.Bfdd);
}
