using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Configuration;

namespace Meshover.Controller.Hosting;

/// <summary>
/// The operator's own certificate, read again once its files have changed: whoever renews it each 90 days must not have to remember the controller. While
/// they cannot be used (one is written, the other not yet) the former one is shown.
/// </summary>
internal sealed partial class OperatorCertificate
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly string _certificate;
    private readonly string _key;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private (DateTime, DateTime) _stamp;
    private long _looked;
    private SslStreamCertificateContext _current;

    /// <exception cref="ConfigException">It cannot be used.</exception>
    public OperatorCertificate(string certificate, string key, TimeProvider time, ILogger log)
    {
        (_certificate, _key, _time, _log) = (certificate, key, time, log);
        (_stamp, _looked) = (Stamp(), time.GetTimestamp());
        _current = Read();
    }

    /// <summary>The one to show now; another object where it is another certificate.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_looked) >= LookEvery)
                    LookLocked();
                return _current;
            }
        }
    }

    // What cannot be used is tried again when it changes again.
    private void LookLocked()
    {
        _looked = _time.GetTimestamp();
        if (Stamp() is var stamp && stamp == _stamp)
            return;
        _stamp = stamp;
        try
        {
            _current = Read();
            var until = _current.TargetCertificate.NotAfter.ToUniversalTime();
            LogRead(_log, _certificate, until);
        }
        catch (ConfigException e)
        {
            LogKept(_log, e.Message);
        }
    }

    private (DateTime, DateTime) Stamp() => (Written(_certificate), Written(_key));

    // Of the file itself: who renews it may change but a link on the way to it.
    private static DateTime Written(string path)
    {
        try
        {
            return File.GetLastWriteTimeUtc(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private SslStreamCertificateContext Read()
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(_certificate, _key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_certificate);
            return SslStreamCertificateContext.Create(certificate, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigException($"Cannot use the certificate {_certificate} with the key {_key}: {e.Message} Give a PEM chain and its PEM key.");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate {File} was read again; it is valid until {Until:u}")]
    private static partial void LogRead(ILogger logger, string file, DateTime until);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate was changed and cannot be used; the former one stays in use. {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);
}
