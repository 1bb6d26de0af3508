using System.Threading.Channels;
using Grpc.Core;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Configuration;
using Meshover.Agent.Draining;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;

namespace Meshover.Agent.LocalApi;

/// <summary>The service of <c>local.proto</c>.</summary>
internal sealed class LocalApiService(StatusSource source, ConfigReload reload, FrrPreview frr, AnnouncementDesk desk, ProviderCalls providers, DrainKeeper drain, ChannelWriter<AgentInput> inputs) : LocalService.LocalServiceBase
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

    public override Task<AnnounceResponse> Announce(AnnounceRequest request, ServerCallContext context) => ForUsersAsync(async () =>
    {
        var status = await desk.AnnounceAsync(request.Declaration, request.LifetimeSeconds > 0 ? TimeSpan.FromSeconds(request.LifetimeSeconds) : null, replaces: true, context.CancellationToken);
        return new AnnounceResponse { Announced = status.IsAnnounced, Role = DeclaredWords.Of(status.Role), Reason = status.Reason };
    });

    public override Task<WithdrawResponse> Withdraw(WithdrawRequest request, ServerCallContext context) => ForUsersAsync(() =>
    {
        desk.Withdraw(request.Prefix);
        return Task.FromResult(new WithdrawResponse());
    });

    public override Task<ProvideResponse> Provide(IAsyncStreamReader<ProvideUpdate> requestStream, ServerCallContext context) =>
        providers.HearAsync(requestStream, context.CancellationToken);

    public override Task<DrainResponse> Drain(DrainRequest request, ServerCallContext context) => ForUsersAsync(async () =>
    {
        if (request.ForStop && !await drain.HasHeirsAsync(context.CancellationToken))
            return new DrainResponse();
        drain.Drain(request.ForStop);
        if (request.Wait)
            await drain.WaitAsync(context.CancellationToken);
        return new DrainResponse();
    });

    public override Task<UndrainResponse> Undrain(UndrainRequest request, ServerCallContext context) => ForUsersAsync(() =>
    {
        drain.Undrain();
        return Task.FromResult(new UndrainResponse());
    });

    private static async Task<T> ForUsersAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (AgentException e)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, e.Message));
        }
    }
}
