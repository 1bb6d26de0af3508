using System.Text.Json;

namespace Meshover.WireGuard.Control;

/// <summary>Answers on the engine's own socket: requests in, one after the other, until the client goes.</summary>
internal sealed class ControlServer(IControlLoop loop)
{
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var lines = new ControlLine(stream);
        while (true)
        {
            var (request, fault) = await ReadAsync(lines, cancellationToken);
            if (request is null && fault is null)
                return;
            var response = fault ?? await AnswerAsync(request!, cancellationToken);
            await ControlLine.WriteAsync(stream, response, ControlJson.Default.ControlResponse, cancellationToken);
            if (request?.Operation == nameof(ControlOperation.Stop) && response.Error is null)
                loop.Acknowledge();
        }
    }

    private static async Task<(ControlRequest? Request, ControlResponse? Fault)> ReadAsync(
        ControlLine lines, CancellationToken cancellationToken)
    {
        try
        {
            return (await lines.ReadAsync(ControlJson.Default.ControlRequest, cancellationToken), null);
        }
        catch (JsonException e)
        {
            return (null, Refuse($"The request is no valid message: {e.Message} Nothing was changed."));
        }
    }

    private async Task<ControlResponse> AnswerAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        if (request.Operation == nameof(ControlOperation.Hello))
            return Hello(request);
        if (!ControlProtocol.Speaks(request.Version))
            return OtherVersion($"{request.Version}");
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

    private static ControlResponse Hello(ControlRequest request)
    {
        var oldest = request.Oldest ?? request.Version;
        return ControlProtocol.Agree(oldest, request.Version) is { } agreed
            ? new ControlResponse { Version = agreed }
            : OtherVersion(oldest == request.Version ? $"{oldest}" : $"{oldest} to {request.Version}");
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

    private static ControlResponse OtherVersion(string versions) => ControlResponse.Fail(
        DataplaneError.Version,
        $"The data plane speaks versions {ControlProtocol.Oldest} to {ControlProtocol.Newest} of its protocol, not {versions}: "
        + "restart the older program.");

    private static ControlResponse UnknownOperation(string name) => ControlResponse.Fail(
        DataplaneError.Version,
        $"The data plane (release {EngineStatus.Release}) does not know the request '{name}'. Nothing was changed. If the program that "
        + "asks is newer, restart the data plane to have what it wants.");

    private static ControlResponse Refuse(string message) => ControlResponse.Fail(DataplaneError.Refused, message);
}
