using Grpc.Core;
using Meshover.Contract.V1;

namespace Meshover.Agent.ControllerLink;

/// <summary>Lets several say something on one stream, which takes one message at a time.</summary>
internal sealed class SharedWriter(IClientStreamWriter<NodeMessage> stream) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public async Task WriteAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await stream.WriteAsync(message, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
