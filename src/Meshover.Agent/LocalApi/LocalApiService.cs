using System.Threading.Channels;
using Grpc.Core;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;

namespace Meshover.Agent.LocalApi;

/// <summary>The service of <c>local.proto</c>.</summary>
internal sealed class LocalApiService(StatusSource source, ConfigReload reload, FrrPreview frr, ChannelWriter<AgentInput> inputs) : LocalService.LocalServiceBase
{
    public override Task<AgentStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => source.GetAsync(context.CancellationToken);

    public override Task<RenderFrrResponse> RenderFrr(RenderFrrRequest request, ServerCallContext context) =>
        frr.RenderAsync(request.Templates, context.CancellationToken);

    public override async Task<ReloadResponse> Reload(ReloadRequest request, ServerCallContext context)
    {
        try
        {
            return await reload.ReloadAsync(context.CancellationToken) is { } generation
                ? new ReloadResponse { Generation = generation }
                : new ReloadResponse { RestartNeeded = true };
        }
        catch (ConfigurationException e)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, e.Message));
        }
    }

    public override async Task<RotateKeyResponse> RotateKey(RotateKeyRequest request, ServerCallContext context)
    {
        var answer = new TaskCompletionSource<KeyChangeAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        await inputs.WriteAsync(new AgentInput.KeyChangeAsked(answer), context.CancellationToken);
        try
        {
            var (newKey, joined) = await answer.Task.WaitAsync(context.CancellationToken);
            return new RotateKeyResponse { NewKey = newKey, Joined = joined };
        }
        catch (AgentException e)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, e.Message));
        }
    }
}
