using Grpc.Core;
using Meshover.Agent.Reconciling;
using Meshover.Contract.V1;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;

namespace Meshover.Agent.LocalApi;

/// <summary>What FRR is to be told, and what it runs. Touches nothing.</summary>
internal sealed class FrrPreview(AgentLoop loop, TemplateFiles templates, RoutingClient routing)
{
    /// <exception cref="RpcException">There is nothing to render.</exception>
    public async Task<RenderFrrResponse> RenderAsync(string directory, CancellationToken cancellationToken)
    {
        if (loop.State.Plan is not { } plan)
            throw Refused("This node has no map of the mesh yet: `meshover status` says what it waits for.");
        if (plan.Routing is not { } model)
            throw Refused("This node does no routing (--routing off): there is nothing for FRR.");
        var answer = new RenderFrrResponse();
        try
        {
            var rendering = FrrRendering.Of(model, FrrTemplateSet.Load(directory.Length > 0 ? directory : templates.Directory));
            answer.Rendered = Texts(rendering.Config);
            answer.Lines.Add(rendering.Lines.Select(line => new Contract.V1.TemplateLine { Text = line.Text, File = line.File, Line = (uint)line.Line }));
        }
        catch (Exception e) when (e is FrrTemplateException or ArgumentException)
        {
            answer.Error = e.Message;
        }
        await AddRunningAsync(answer, cancellationToken);
        return answer;
    }

    private async Task AddRunningAsync(RenderFrrResponse answer, CancellationToken cancellationToken)
    {
        try
        {
            if (await routing.GetRunningAsync(cancellationToken) is { } running)
                answer.Running = Texts(running);
        }
        catch (RoutingException e)
        {
            answer.RunningUnknown = e.Message;
        }
    }

    // People paste what they are shown.
    private static FrrTexts Texts(FrrConfig config) =>
        new() { Zebra = Secrets.Hide(config.Zebra), Bgpd = Secrets.Hide(config.Bgpd), Bfdd = Secrets.Hide(config.Bfdd) };

    private static RpcException Refused(string why) => new(new Status(StatusCode.FailedPrecondition, why));
}
