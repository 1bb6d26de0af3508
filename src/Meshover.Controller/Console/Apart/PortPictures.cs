using System.Security.Cryptography;
using System.Text.Json;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console.Apart;

/// <summary>The picture that consoles apart are told: made once for all of them, and only where another is asked for than was told. Thread-safe.</summary>
internal sealed class PortPictures(IMeshPort port, ConsoleTokens tokens)
{
    // No tag of another start of the controller is one of this.
    private readonly string _start = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly Lock _lock = new();
    private MeshView? _view;
    private long _number;
    private byte[] _json = [];

    /// <summary>As it is now. O(nodes + links) where something has changed.</summary>
    /// <returns>Tag: of HTTP, the same for as long as nothing changes.</returns>
    public (string Tag, ReadOnlyMemory<byte> Json) Now()
    {
        lock (_lock)
        {
            // It changes with the state that has the tokens, too, and after some seconds in any case.
            if (port.Look() is var view && !ReferenceEquals(view, _view))
            {
                _json = JsonSerializer.SerializeToUtf8Bytes(new PortPicture(view, [.. tokens.List().Select(token => token.Id).Where(tokens.MayGoOn)]), PortJson.Default.PortPicture);
                (_view, _number) = (view, _number + 1);
            }
            return ($"\"{_start}-{_number}\"", _json);
        }
    }
}
