using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Controller.Stores;

/// <summary>JSON, deflated, for what is kept beside the store.</summary>
internal static class DeflatedJson
{
    // Of a file that somebody else wrote.
    private const int Longest = 64 * 1024 * 1024;

    public static byte[] Write<T>(T value, JsonTypeInfo<T> type)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest))
            JsonSerializer.Serialize(deflate, value, type);
        return packed.ToArray();
    }

    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static T Read<T>(byte[] packed, JsonTypeInfo<T> type)
    {
        using var deflate = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = deflate.Read(buffer)) > 0;)
        {
            plain.Write(buffer, 0, read);
            if (plain.Length > Longest)
                throw new InvalidDataException("It is too long.");
        }
        return JsonSerializer.Deserialize(plain.GetBuffer().AsSpan(0, (int)plain.Length), type) ?? throw new JsonException("It is empty.");
    }
}
