using Grpc.Core;
using Meshover.Contract.V1;

namespace Meshover.Agent.LocalApi;

/// <summary>The service of <c>local.proto</c>.</summary>
internal sealed class LocalApiService(StatusSource source) : LocalService.LocalServiceBase
{
    public override Task<AgentStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => source.GetAsync(context.CancellationToken);
}
