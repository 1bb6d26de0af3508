using System.Security.Cryptography;
using System.Text.Json;
using Meshover.Console.UseCases;

namespace Meshover.Controller.Console.Apart;

/// <summary>The picture that consoles apart are told: made once for all of them, and only where another is asked for than was told. Thread-safe.</summary>
internal sealed class PortPictures(IMeshPort port)
{
    // No tag of another start of the controller is one of this.
    private readonly string _start = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly Lock _lock = new();
    private MeshView? _view;
    private long _number;
    private byte[] _json = [];

    /// <summary>As it is now. O(nodes + links) where it is another object than before.</summary>
    /// <returns>Tag: of HTTP, the same for as long as nothing changes.</returns>
    public (string Tag, ReadOnlyMemory<byte> Json) Now()
    {
        lock (_lock)
        {
            if (port.Look() is var view && !ReferenceEquals(view, _view))
                TakeLocked(view);
            return ($"\"{_start}-{_number}\"", _json);
        }
    }

    // Every few seconds there is another object, of which all may be as it was.
    private void TakeLocked(MeshView view)
    {
        _view = view;
        var json = JsonSerializer.SerializeToUtf8Bytes(view, PortJson.Default.MeshView);
        if (!json.AsSpan().SequenceEqual(_json))
            (_json, _number) = (json, _number + 1);
    }
}
