using System.Text.Json;

namespace Meshover.WireGuard.Control;

/// <summary>Answers on the engine's own socket: requests in, one after the other, until the client goes.</summary>
internal sealed class ControlServer(EngineLoop loop)
{
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (request, fault) = await ReadAsync(stream, cancellationToken);
            if (request is null && fault is null)
                return;
            var response = fault ?? await AnswerAsync(request!, cancellationToken);
            await ControlLine.WriteAsync(stream, response, ControlJson.Default.ControlResponse, cancellationToken);
            if (fault is not null)
                return; // where the next message would begin is not known
            if (request!.Operation == ControlOperation.Stop && response.Error is null)
                loop.Acknowledge();
        }
    }

    private static async Task<(ControlRequest? Request, ControlResponse? Fault)> ReadAsync(
        Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            return (await ControlLine.ReadAsync(stream, ControlJson.Default.ControlRequest, cancellationToken), null);
        }
        catch (JsonException e)
        {
            return (null, Refuse($"The request is no valid message: {e.Message} Nothing was changed."));
        }
    }

    private async Task<ControlResponse> AnswerAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        if (request.Version != ControlRequest.CurrentVersion)
            return Fail(DataplaneError.Version, OtherVersion(request.Version));
        try
        {
            if (request.Operation == ControlOperation.Stop)
                await loop.StopAsync(request.Teardown).WaitAsync(cancellationToken);
            return request.Operation == ControlOperation.Stop
                ? new ControlResponse()
                : await loop.RunAsync(engine => Do(engine, request), cancellationToken);
        }
        catch (DataplaneException e)
        {
            return Fail(e.Error, e.Message);
        }
    }

    private static ControlResponse Do(Engine engine, ControlRequest request)
    {
        switch (request.Operation)
        {
            case ControlOperation.Status:
                return new ControlResponse { Status = EngineStatus.Read(engine) };
            case ControlOperation.Apply when request.Config is { } config:
                engine.Apply(config);
                return new ControlResponse();
            case ControlOperation.Update:
                engine.Update(request.Upserts, request.Removed);
                return new ControlResponse();
            case ControlOperation.SetEndpoint when request is { Key: { } key, Endpoint: { } endpoint }:
                engine.SetEndpoint(key, endpoint);
                return new ControlResponse();
            default:
                return Refuse($"The request '{request.Operation}' lacks what it needs. Nothing was changed.");
        }
    }

    private static string OtherVersion(int version) =>
        $"The data plane speaks version {ControlRequest.CurrentVersion} of its protocol, not {version}: restart the older program.";

    private static ControlResponse Refuse(string message) => Fail(DataplaneError.Refused, message);

    private static ControlResponse Fail(DataplaneError error, string message) => new() { Error = error, Message = message };
}
