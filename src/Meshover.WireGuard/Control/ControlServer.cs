using Meshover.Linux.LocalSockets;

namespace Meshover.WireGuard.Control;

/// <summary>Answers on the engine's own socket: requests in, one after the other, until the client goes.</summary>
internal sealed class ControlServer(IControlLoop loop)
{
    public Task ServeAsync(Stream stream, CancellationToken cancellationToken) =>
        new JsonServer<ControlRequest, ControlResponse>(
            ControlProtocol.Terms, ControlJson.Default.ControlRequest, ControlJson.Default.ControlResponse, Refuse, AnswerAsync)
        {
            Answered = Acknowledge,
        }.ServeAsync(stream, cancellationToken, cancellationToken);

    private void Acknowledge(ControlRequest request, ControlResponse response)
    {
        if (request.Operation == nameof(ControlOperation.Stop) && response.Error is null)
            loop.Acknowledge();
    }

    private async Task<ControlResponse> AnswerAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        if (!ControlProtocol.Terms.Speaks(request.Version))
            return ControlResponse.Fail(DataplaneError.Version, ControlProtocol.Terms.Refuse($"{request.Version}"));
        if (!Enum.TryParse<ControlOperation>(request.Operation, out var operation) || !Enum.IsDefined(operation))
            return UnknownOperation(request.Operation);
        try
        {
            if (operation != ControlOperation.Stop)
                return await loop.RunAsync(target => Do(target, operation, request), cancellationToken);
            await loop.StopAsync(request.Teardown).WaitAsync(cancellationToken);
            return new ControlResponse();
        }
        catch (DataplaneException e)
        {
            return ControlResponse.Fail(e.Error, e.Message);
        }
    }

    private static ControlResponse Do(IControlTarget target, ControlOperation operation, ControlRequest request)
    {
        switch (operation)
        {
            case ControlOperation.Status:
                return new ControlResponse { Status = target.ReadStatus() };
            case ControlOperation.Apply when request.Config is { } config:
                target.Apply(config);
                return new ControlResponse();
            case ControlOperation.Update when request.Upserts.All(peer => peer is not null):
                target.Update(request.Upserts, request.Removed);
                return new ControlResponse();
            case ControlOperation.SetEndpoint when request is { Key: { } key, Endpoint: { } endpoint }:
                target.SetEndpoint(key, endpoint);
                return new ControlResponse();
            default:
                return Refuse($"The request '{operation}' lacks what it needs. Nothing was changed.");
        }
    }

    private static ControlResponse UnknownOperation(string name) => ControlResponse.Fail(
        DataplaneError.Version,
        $"The data plane (release {EngineStatus.Release}) does not know the request '{name}'. Nothing was changed. If the program that "
        + "asks is newer, restart the data plane to bring it up to date.");

    private static ControlResponse Refuse(string message) => ControlResponse.Fail(DataplaneError.Refused, message);
}
