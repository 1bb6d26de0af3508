using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Meshover.Controller.Configuration;

/// <summary>Reads and writes <c>controller.yaml</c>. Keys that it does not know are errors: a misspelt one must not be silent.</summary>
internal static class ConfigFile
{
    /// <summary>The file's content, or the defaults where it does not exist.</summary>
    /// <exception cref="ConfigException">Not to be read, or not to be understood.</exception>
    public static ControllerConfig Read(string path)
    {
        var read = Read<ControllerConfig>(path);
        // A key without a value sets null.
        return read.Address is null ? read with { Address = [] } : read;
    }

    /// <summary>The same of <c>console.yaml</c>.</summary>
    /// <exception cref="ConfigException">Not to be read, or not to be understood.</exception>
    public static ApartConfig ReadApart(string path) => Read<ApartConfig>(path);

    private static T Read<T>(string path)
        where T : class, new()
    {
        try
        {
            using var reader = new StreamReader(path);
            var yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();
            return yaml.Deserialize<T?>(reader) ?? new T();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new T();
        }
        catch (YamlException e)
        {
            throw new ConfigException($"{path}, line {e.Start.Line}, column {e.Start.Column}: {(e.InnerException ?? e).Message} Correct it and try again.");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ConfigException($"Cannot read {path}: {e.Message} Run it as root, or name another file with --config.");
        }
    }

    public static string Write(ControllerConfig config) =>
        "# The controller of a Meshover mesh: the flags of `meshover-controller init`, under the same names.\n"
        + new SerializerBuilder()
            .WithNamingConvention(CamelCaseNamingConvention.Instance)
            .ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull | DefaultValuesHandling.OmitEmptyCollections)
            .Build().Serialize(config);
}
